"""What the publishers' archives hold, in small: member name -> text."""

from __future__ import annotations

IWSLT14_SETS = ("TED.dev2010", "TEDX.dev2012", "TED.tst2010", "TED.tst2011", "TED.tst2012")


def iwslt14_members(talks: int) -> dict[str, str]:
    """Talks of ten sentences; one sentence of each is too long for its translation."""
    members = {}
    for language, (like, short, long) in {
        "en": ("It's sentence {} of talk {}.", "Yes.", "Yes."),
        "de": ("Das ist Satz {} von Vortrag {}.", "Ja.", "Ja, ja, ja, ja."),
    }.items():
        lines = []
        for talk in range(talks):
            lines += [
                f"<url>http://www.ted.com/{talk}</url>",
                "<keywords>talks, art</keywords>",
                f"<talkid>{talk}</talkid>",
                f"<title>Talk {talk}</title>",
                f"<description>TED Talk {talk}.</description>",
                *(f" {like.format(number, talk)} " for number in range(8)),
                short,
                long,
            ]
        members[f"de-en/train.tags.de-en.{language}"] = "".join(f"{line}\n" for line in lines)
        for part in IWSLT14_SETS:
            members[f"de-en/IWSLT14.{part}.de-en.{language}.xml"] = (
                f'<?xml version="1.0" encoding="UTF-8"?>\n<mteval>\n<doc docid="1">\n<title>T</title>\n'
                f'<seg id="1"> That’s set {part} one. </seg>\n'
                f'<seg id="2"> That’s set {part} two. </seg>\n'
                f"</doc>\n</mteval>\n"
            )
    members["de-en/README"] = "nobody needs this"
    return members


def wmt16_archives() -> dict[str, dict[str, str]]:
    """Archive name -> members, a few lines each."""

    def training(folder: str, corpus: str) -> dict[str, str]:
        return {
            f"{folder}{corpus}.de-en.{language}": f"{corpus} {language} 1\n{corpus} {language} 2"
            for language in ("en", "de")
        }

    dev = {f"dev/newstest2013.{language}": f"2013 {language}\n" for language in ("en", "de")}
    for year in (2014, 2016, 2017):
        for side in ("ref.en", "src.de"):
            dev[f"dev/newstest{year}-deen-{side}.sgm"] = (
                f'<srcset setid="newstest{year}">\n<doc>\n<seg id="1">{year} {side[-2:]} R&amp;D</seg>\n</doc>\n'
            )
    return {
        "training-parallel-europarl-v7.tgz": training("training/", "europarl-v7"),
        "training-parallel-commoncrawl.tgz": training("", "commoncrawl"),
        "training-parallel-nc-v11.tgz": training("training-parallel-nc-v11/", "news-commentary-v11"),
        "dev.tgz": dev,
    }
