"""What the model card says of the data: which networks learned from it, where it is from, under which terms."""

TERMS = """
## Data and terms

Which real pictures each network has learned from, and what their publishers state. Everything else is rendered by
`synth`. None of these pictures is in this repository. Whether weights that were trained on them carry their terms is an
open question of law: if that matters to you, train without the sets in question.

| networks | set | publisher | terms stated |
|---|---|---|---|
| plates-reader | plates of about 40 European countries, Brazil | openalpr/train-detector | AGPL-3 |
| plates-reader | plates of the United States | openalpr/benchmarks | AGPL-3 |
| plates-reader | plates of China, cropped | LPRNet_Pytorch | Apache-2 |
| plates-reader | plates of Taiwan | hermeschen1116 | none |
| plates-reader, plates-locator, plates-corners | street and gate photographs of China | EasyPR | Apache-2 |
| plates-locator, plates-corners | photographs of cars, world-wide | a Roboflow export | MIT |
| plates-* | glyphs of plates, used as fonts | openalpr/train-ocr | AGPL-3 |
| characters-*, digits-classifier | Chars74K, English photographs | Chars74K | research |
| characters-*, digits-reader | IIIT5K words and characters | IIIT5K | research |
| characters-reader, digits-reader | ICDAR 2015 words | Light-STR-Competition | Apache-2 (code), research (ICDAR) |
| characters-reader, digits-reader | wire tags | a fork of PaddleOCR | Apache-2 (code) |
| characters-reader, digits-reader | words on signs, maps, papers | collected | none |
| characters-classifier, digits-classifier | UNIPEN handwriting | Zenodo 1195803 | CC BY 4.0 |
| digits-classifier, characters-classifier, digits-reader | digits of meters | haverland | Apache-2 |
| digits-reader | LCD digits | Kazuhito00 | Apache-2 |
| digits-locator, characters-locator | photographs with words of ICDAR 2015 | collected | research (ICDAR) |
| digits-*, characters-reader, characters-locator | medical displays | a fork of PaddleOCR | Apache-2 (code) |
| digits-reader, characters-reader | displays of electricity meters | collected | none |
| all | pictures without text: BSDS500, DTD, ImageNet, openalpr's negatives | as named | research; AGPL-3 |

## Known weaknesses

- Plates 50 to 130 pixels wide in large photographs: H and M, V and U, 8 and B, 7 and Z, 2 and Z are confused; emblems,
  state names and stacked small letters are sometimes read as characters.
- Single characters: 0 and O, 1, l and I, 2 and Z, 9 and q, which differ in size and context more than in shape.
- Words of photographs whose sources were not in training are read clearly worse than those of sources that were.
- Displays with a decimal point, a unit close to the number, or segments that glow although they are off.
- Plates of regions without real training pictures (Africa, most of Asia and Oceania) were learned from rendered ones.
"""
