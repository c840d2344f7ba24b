"""Fold a text so that what looks alike compares equal: case, invisible characters, look-alike letters, accents. Pure.

Digits that stand for letters are not folded. In a well-formed Vietnamese syllable the marks count, as "lon" (can) and
"lớn" (big) are two words. In any other word accents are an ornament: "bád" is "bad".
"""

import re
import unicodedata
from functools import lru_cache

_MARKS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u031b\u0323\u0326\u0327\u0328"
"""The marks that letters of languages have; others in these blocks are ornaments."""
_ORNAMENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef\u115f\u1160\u3164\uffa0]"
)
"""Combining marks, optional vowel points, variation selectors, and letters that show nothing."""
_MAX_EXPANSION = 5
"""A character that stands for a longer text, such as U+FDFA, counts as a space, so that no prompt grows much."""

_STROKES = str.maketrans("đłøħŧƀɨ", "dlohtbi")
_REMOVED_MARKS = str.maketrans("", "", _MARKS) | _STROKES
_MARKED = re.compile(rf"[{_MARKS}đłøħŧƀɨ]")
_FOREIGN_LETTER = re.compile("[\u0370-\u03ff\u1f00-\u1fff\u0400-\u052f\u1c80-\u1c8f\ua640-\ua69f]")
_GREEK_LETTER = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_WORD = re.compile(rf"[^\W\d_](?:[^\W_]|[{_MARKS}])*")

# Letters of Cyrillic, Greek and Armenian, and the Latin ones that they are taken for (a selection of Unicode's
# confusables.txt, with the capitals, whose look-alikes differ from those of the small letters).
_TO_LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮӀԚԜѴавгеһіјкмнопрсԁтухүьѕӏԛԝѵѡҽєЄяЯиИΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγεζηικμνορσςτυχωϲϳօսոհյցզ",
    "ABESIJKMHOPCTYXYIQWVabrehijkmhonpcdtyxybslqwvweeErRnNABEZHIKMNOPTYXabyeznikuvopostuxwcjounhjgq",
)
_TO_CYRILLIC = str.maketrans("abcehikmnoprstuxy", "авсенікмпоргѕтиху")
_TO_GREEK = str.maketrans("abehikmnoptuvwxyz", "αβεηικμνορτυνωχυζ")
_VARIANTS = {
    **dict(
        zip(
            "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡıɩʋƒɛŋɓɗɖƙƥƭðÐƉ∂₳฿₵₡¢₣₲₭₤₥₦₱₴₮₩\u2800",
            "abcdefghijklmnoprstuvwyzagiivfenbdđkptđđđdabcccfgklmnpstw ",
            strict=True,
        )
    ),
    "\u2013": "--",
    "\u2014": "--",
}
"""Small capitals and other forms of Latin letters, signs of currencies and others that stylized texts have in place of
letters, and the dashes that phones write in place of two hyphens."""
_LATIN_NAME = re.compile(
    "LATIN (?:(?:SMALL|CAPITAL) LETTER|LETTER SMALL CAPITAL|SUBSCRIPT SMALL LETTER)"
    "(?: (?:OPEN|SCRIPT|DOTLESS|REVERSED|TURNED|BARRED|SMALL))? ([A-Z])(?: WITH .*)?"
)
"""Unicode's names of letters that have a stroke, a hook or a tail, which normalization leaves as they are."""
_BLACK_LETTERS = (0x1F150, 0x1F170)
"""Where the letters in black circles and squares begin."""
_FLAG_LETTERS = 0x1F1E6
_ALPHABET = 26

_MAX_CACHED = 20
"""The longest word that is remembered; no Vietnamese syllable is as long."""
_TONES = str.maketrans("", "", "\u0300\u0301\u0303\u0309\u0323")
_STOP_TONES = frozenset("\u0301\u0323")
_TO_VNI = str.maketrans({"\u0302": "6", "\u031b": "7", "\u0306": "8", "đ": "d9"})
"""Vietnamese vowels as the input method VNI spells them: a6 is â, o7 is ơ, a8 is ă."""
_SYLLABLE = re.compile(
    r"(?:b|ch?|d9?|g[hi]?|h|kh?|l|m|n(?:gh?|h)?|ph?|qu?|r|s|t[hr]?|v|x)?"
    r"(?:ie6u|uo6i|u7o7[iu]|ye6u|oa[iyo]|oeo|ua6?y|uao|uye6?|uy[au]|a[iouy]|a6[uy]|eo|e6u|ie6|i[aue]|oa8|o[aei]|o[67]i"
    r"|u[aeo]6|uo7|u[aeioy]|u7o7|u7[aiu]|ye6|a[68]?|e6?|o[67]?|u7?|i|y)"
    r"(ch?|p|t|m|n[gh]?)?"
)
_OPEN_RHYME = re.compile("(o(?=[ae])|u(?=[ey]))([aey])([\u0300\u0301\u0303\u0309\u0323])$")
"""A tone that the newer spelling puts on the second vowel: hoà and hòa are one word."""


class _Characters(dict[int, str]):
    """What characters become before letters are compared, as str.translate asks for them."""

    def __missing__(self, code: int) -> str:
        if len(self) >= 4096:
            self.clear()
        self[code] = found = _fold_character(chr(code))
        return found


class _Separators(dict[int, str]):
    """Spaces in place of all characters that belong to no word, as str.translate asks for them."""

    def __missing__(self, code: int) -> str:
        if len(self) >= 4096:
            self.clear()
        character = chr(code)
        is_letter = character.isalnum() or unicodedata.category(character).startswith("M")
        self[code] = found = character if is_letter else " "
        return found


_CHARACTERS = _Characters()
_SEPARATORS = _Separators()


def fold_characters(text: str) -> str:
    """Drop what is invisible, and write each letter in its plainest form, its marks behind it."""
    is_plain = text.isascii() and text.isprintable()
    return text if is_plain else unicodedata.normalize("NFD", text.translate(_CHARACTERS))


def fold_to_latin(folded: str) -> str:
    """Return a folded text in lower case with Latin letters in place of those that look like them."""
    return folded.casefold() if folded.isascii() else folded.translate(_TO_LATIN).casefold()


def fold_to_own_script(folded: str) -> str:
    """Return a folded text in lower case with words of one script: Latin letters in a Cyrillic word become Cyrillic."""
    return _WORD.sub(lambda word: _unify(word[0]), folded.casefold())


def _unify(word: str) -> str:
    if not _FOREIGN_LETTER.search(word):
        return word
    return word.translate(_TO_GREEK if _GREEK_LETTER.search(word) else _TO_CYRILLIC)


def is_foreign(folded: str) -> bool:
    """Whether a folded text has a word of Cyrillic or Greek letters alone."""
    words = (word[0] for word in _WORD.finditer(folded) if _FOREIGN_LETTER.search(word[0]))
    return any(not re.search("[A-Za-z]", word) for word in words)


def has_marks(folded: str) -> bool:
    """Whether a folded text has letters with accents or strokes; Greek accents, which capitals lack, do not count."""
    words = (word[0] for word in _WORD.finditer(folded.casefold()))
    return any(_MARKED.search(word) and not _GREEK_LETTER.search(word) for word in words)


def remove_marks(text: str) -> str:
    """Remove the marks of all words of a folded text in lower case but the Vietnamese ones."""
    return text if text.isascii() else unicodedata.normalize("NFC", _WORD.sub(lambda one: _remove(one[0]), text))


def unify_marks(text: str) -> str:
    """Keep the marks of a folded text in lower case; Vietnamese tones are put where the older spelling has them."""
    return text if text.isascii() else unicodedata.normalize("NFC", _WORD.sub(lambda one: _unify_tone(one[0]), text))


def separate_words(text: str) -> list[str]:
    """Return the words of a text, without anything that stands between them."""
    return text.translate(_SEPARATORS).split()


def is_visible(text: str) -> bool:
    """Whether a folded text has more than spaces and marks."""
    return any(not one.isspace() and not unicodedata.category(one).startswith("M") for one in text)


def is_letter(word: str) -> bool:
    """Whether a word is a single letter, with or without marks."""
    return len(word.translate(_REMOVED_MARKS)) == 1 and word[0].isalpha()


def _remove(word: str) -> str:
    if word.isascii():
        return word
    return _remove_from_word(word) if len(word) <= _MAX_CACHED else word.translate(_REMOVED_MARKS)


@lru_cache(maxsize=4096)
def _remove_from_word(word: str) -> str:
    return _unify_tone(word) if _is_vietnamese(word) else word.translate(_REMOVED_MARKS)


def _unify_tone(word: str) -> str:
    return _OPEN_RHYME.sub(r"\1\3\2", word)


def _is_vietnamese(word: str) -> bool:
    """Whether a word with marks is spelled like a Vietnamese syllable; one that ends in a stop has one of two tones."""
    plain = word.translate(_TONES)
    tones = [mark for mark in word if ord(mark) in _TONES]
    if len(tones) > 1 or any(map(str.isdigit, plain)):
        return False
    found = _SYLLABLE.fullmatch(plain.translate(_TO_VNI))
    if found is None:
        return False
    has_stop = found[1] in {"c", "ch", "p", "t"}
    return not has_stop or bool(_STOP_TONES.intersection(tones))


def _fold_character(character: str) -> str:
    code = ord(character)
    if character in _VARIANTS:
        return _VARIANTS[character]
    if 0 <= code - _FLAG_LETTERS < _ALPHABET:
        return f" {chr(ord('a') + code - _FLAG_LETTERS)} "
    for first in _BLACK_LETTERS:
        if 0 <= code - first < _ALPHABET:
            return chr(ord("a") + code - first)
    if letter := _find_latin_letter(character):
        return letter
    category = unicodedata.category(character)
    if category == "Cf" or (_ORNAMENTS.match(character) and character not in _MARKS):
        return ""
    if category[0] in "CZ":
        return " " if character.isspace() or category == "Co" else ""
    plain = unicodedata.normalize("NFKD", character)
    if len(plain) > _MAX_EXPANSION:
        return " "
    return plain if plain == character else "".join(map(_fold_character, plain))


def _find_latin_letter(character: str) -> str:
    """Return the letter that an unusual form of it is named after; "" for others, and for those of common languages."""
    if character.isascii() or unicodedata.decomposition(character) or _MARKED.match(character.lower()):
        return ""
    found = _LATIN_NAME.fullmatch(unicodedata.name(character, ""))
    return found[1].lower() if found else ""
