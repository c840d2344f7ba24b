"""What the use cases need from the outside: a database, a relay, Discord's messages, downloads."""

from bot.ports.departures import Departures as Departures
from bot.ports.ledger import Ledger as Ledger
from bot.ports.messages import ChannelLog as ChannelLog
from bot.ports.messages import InteractionFollowups as InteractionFollowups
from bot.ports.messages import MessageEditor as MessageEditor
from bot.ports.messages import PressFollowups as PressFollowups
from bot.ports.messages import SceneBuilder as SceneBuilder
from bot.ports.personal_data import PersonalData as PersonalData
from bot.ports.pictures import PictureSource as PictureSource
from bot.ports.process_leases import ProcessLeases as ProcessLeases
from bot.ports.relay import Relay as Relay
from bot.ports.relay import RelayAccount as RelayAccount
from bot.ports.reports_store import ReportsStore as ReportsStore
from bot.ports.rules_store import RulesStore as RulesStore
from bot.ports.store import PlanSpending as PlanSpending
from bot.ports.store import Store as Store
