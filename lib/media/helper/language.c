/* SPDX-License-Identifier: MIT */
/* ISO 639-2 (its codes for terminology and for bibliography) to the two letters that BCP 47 prefers. */
#include "words.h"
#include <string.h>

/* three letters, two letters, a blank */
static const char table[] =
    "aaraa abkab afraf akaak albsq amham araar argan armhy asmas avaav aveae aymay azeaz bakba bambm baqeu belbe "
    "benbn bihbh bisbi bodbo bosbs brebr bulbg burmy catca cescs chach chece chizh chucu chvcv corkw cosco crecr "
    "cymcy czecs danda deude divdv dutnl dzodz ellel engen epoeo estet euseu eweee faofo fasfa fijfj finfi frafr "
    "frefr fryfy fulff geoka gerde glagd glega glggl glvgv greel grngn gujgu hatht hauha hebhe herhz hinhi "
    "hmoho hrvhr hunhu hyehy iboig iceis idoio iiiii ikuiu ileie inaia indid ipkik islis itait javjv jpnja kalkl "
    "kankn kasks katka kaukr kazkk khmkm kikki kinrw kirky komkv konkg korko kuakj kurku laolo latla lavlv limli "
    "linln litlt ltzlb lublu luglg macmk mahmh malml maomi marmr mayms mkdmk mlgmg mltmt monmn mrimi msams myamy "
    "nauna navnv nblnr ndend ndong nepne nldnl nnonn nobnb norno nyany ocioc ojioj orior ormom ossos panpa perfa "
    "plipi polpl porpt pusps quequ rohrm ronro rumro runrn rusru sagsg sansa sinsi slksk slosk slvsl smese smosm "
    "snasn sndsd somso sotst spaes sqisq srdsc srpsr sswss sunsu swasw swesv tahty tamta tattt telte tgktg tgltl "
    "thath tibbo tirti tonto tsntn tsots tuktk turtr twitw uigug ukruk urdur uzbuz venve vievi volvo welcy wlnwa "
    "wolwo xhoxh yidyi yoryo zhaza zhozh zulzu ";

const char *word_language(const char *raw, char buf[3]) {
    if (!raw || !*raw || strcmp(raw, "und") == 0 || strcmp(raw, "mis") == 0 || strcmp(raw, "zxx") == 0)
        return NULL;
    if (strlen(raw) != 3)
        return raw;
    for (const char *entry = table; *entry; entry += 6) {
        if (memcmp(entry, raw, 3) == 0) {
            memcpy(buf, entry + 3, 2);
            buf[2] = 0;
            return buf;
        }
    }
    return raw;
}
