"""The file of an export: complete, and compressed or refused where it is too large."""

import gzip
import json

import pytest

from bot.entities import DataSection
from bot.features.personal_data import PersonalDataService
from tests.fakes.clock import START
from tests.fakes.personal_data import FakePersonalData


@pytest.fixture
def data() -> FakePersonalData:
    found = FakePersonalData()
    found.rows[7, DataSection.JOBS] = [{"link": f"https://discord.example/{number}"} for number in range(500)]
    found.rows[7, DataSection.TASKS] = [{"prompt": f"mèo số {number} " * 9} for number in range(500)]
    found.rows[8, DataSection.JOBS] = [{"link": "another person's"}]
    return found


async def test_an_export_of_500_tasks_is_complete(data: FakePersonalData) -> None:
    """Each section is in it, also empty ones."""
    export = await PersonalDataService(data, lambda: START).export(7)
    assert (export.rows, export.is_compressed, export.name) == (1000, False, "my-data.json")
    assert export.data is not None
    found = json.loads(export.data)
    assert list(found) == ["person_id", "exported_at", *DataSection]
    assert found["person_id"] == "7"
    for section in DataSection:
        assert found[section] == data.rows.get((7, section), [])


@pytest.mark.parametrize("max_bytes", [100, 20_000, 90_000])
async def test_a_large_export_is_compressed_or_refused(data: FakePersonalData, max_bytes: int) -> None:
    """Where even the compressed file is too large, there is none."""
    whole = await PersonalDataService(data, lambda: START).export(7)
    export = await PersonalDataService(data, lambda: START).export(7, max_bytes=max_bytes)
    assert (export.is_compressed, export.name) == (True, "my-data.json.gz")
    if export.data is None:
        assert max_bytes == 100
        return
    assert len(export.data) <= max_bytes
    assert gzip.decompress(export.data) == whole.data


async def test_a_person_without_data_gets_an_empty_export(data: FakePersonalData) -> None:
    export = await PersonalDataService(data, lambda: START).export(9)
    assert export.rows == 0
    assert json.loads(export.data or b"")["tasks"] == []
