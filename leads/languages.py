"""Language codes (BCP 47), as programs and people write them. Pure functions."""

import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import Protocol, TypeVar

from django.utils.translation import get_language_info

MAX_LANGUAGE = 8
CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_SCRIPT = 4  # letters: zh-Hant
# Codes that ISO 639 withdrew, which Java and Android still send; and the general codes of Norwegian
# and Tagalog, for which browsers send the code of the written form.
_TODAYS = {
    "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "no": "nb", "tl": "fil",
}  # fmt: skip
# ISO 639-2, both kinds, and the 639-3 code of a language's main form: Java's getISO3Language and
# phones send them. For the languages that Django has a name for, and some related ones.
_THREE_TO_TWO = """
    afr=af amh=am ara=ar arb=ar aze=az bel=be ben=bn bod=bo tib=bo bos=bs bul=bg cat=ca ces=cs
    cze=cs cmn=zh zho=zh chi=zh cym=cy wel=cy dan=da deu=de ger=de ell=el gre=el eng=en epo=eo
    est=et eus=eu baq=eu fas=fa per=fa pes=fa fin=fi fra=fr fre=fr fry=fy gla=gd gle=ga glg=gl
    guj=gu heb=he hin=hi hrv=hr hun=hu hye=hy arm=hy ind=id isl=is ice=is ita=it jpn=ja kan=kn
    kat=ka geo=ka kaz=kk khm=km kir=ky kor=ko lao=lo lav=lv lit=lt ltz=lb mal=ml mar=mr mkd=mk
    mac=mk mon=mn msa=ms may=ms mya=my bur=my nep=ne nld=nl dut=nl nob=nb nor=nb nno=nn ory=or
    pan=pa pol=pl por=pt pus=ps ron=ro rum=ro rus=ru sin=si slk=sk slo=sk slv=sl som=so spa=es
    sqi=sq alb=sq srp=sr swa=sw swe=sv tam=ta tat=tt tel=te tgk=tg tgl=fil tha=th tir=ti
    tuk=tk tur=tr uig=ug ukr=uk urd=ur uzb=uz vie=vi yid=yi
"""
_OF_THREE_LETTERS = dict(pair.split("=") for pair in _THREE_TO_TWO.split())


def read(typed: str) -> str:
    """ "he_IL.UTF-8", "HE-il", "iw-IL,en;q=0.8" -> "he-IL"; "" if it is not a code."""
    first = re.split(r"[,;.@]", typed.strip(), maxsplit=1)[0].strip()
    language, _hyphen, region = first.replace("_", "-").partition("-")
    language = todays(language)
    region = region.title() if len(region) == _SCRIPT else region.upper()
    codes = (f"{language}-{region}", language)
    return next((c for c in codes if len(c) <= MAX_LANGUAGE and CODE.fullmatch(c)), "")


def todays(code: str) -> str:
    """The current code of the same language: "iw" -> "he", "ENG-US" -> "en-US"."""
    language, hyphen, region = code.partition("-")
    language = language.lower()
    language = _OF_THREE_LETTERS.get(language, language)
    return f"{_TODAYS.get(language, language)}{hyphen}{region}"


def spoken(code: str) -> str:
    """The language alone, without a country or a script: "he-IL" -> "he"."""
    return todays(code).partition("-")[0]


class InALanguage(Protocol):
    """A text with the code of its language."""

    language: str


_Text = TypeVar("_Text", bound=InALanguage)


def nearest(texts: Sequence[_Text], *wanted: str) -> _Text | None:
    """The first text in the first of these languages that has any; failing an exact match, one in
    the same language of another country. None if no text is in any of them.
    """
    for code in filter(None, wanted):
        same = (it for it in texts if it.language == code)
        alike = (it for it in texts if spoken(it.language) == spoken(code))
        if found := next(chain(same, alike), None):
            return found
    return None


def name_of(code: str) -> str:
    """ "he" -> "Hebrew", "he-IL" -> "Hebrew (IL)"; the code itself if it has no name here."""
    with suppress(KeyError):
        return str(get_language_info(code.lower())["name_translated"])
    language, hyphen, country = code.partition("-")
    with suppress(KeyError):
        if hyphen:
            return f"{get_language_info(language.lower())['name_translated']} ({country})"
    return code
