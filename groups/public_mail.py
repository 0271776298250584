"""Domains that can be no organisation's own: at some everybody may have an address, below others many organisations.

Add what turns up; a name covers everything below it.
"""

import re

_MAIL_PROVIDERS = """
    gmail.com googlemail.com google.com outlook.com outlook.be outlook.de outlook.fr outlook.es outlook.it outlook.dk
    hotmail.com hotmail.be hotmail.co.uk hotmail.de hotmail.es hotmail.fr hotmail.it hotmail.nl hotmail.se
    live.com live.be live.co.uk live.dk live.fr live.it live.nl live.se msn.com passport.com windowslive.com
    yahoo.com yahoo.co.uk yahoo.de yahoo.es yahoo.fr yahoo.gr yahoo.ie yahoo.it yahoo.pl yahoo.ro yahoo.se
    ymail.com rocketmail.com aol.com aol.de aol.fr aim.com verizon.net
    icloud.com me.com mac.com privaterelay.appleid.com
    proton.me protonmail.com protonmail.ch pm.me tuta.com tuta.io tutanota.com tutanota.de tutamail.com keemail.me
    mailbox.org posteo.de posteo.net posteo.eu startmail.com runbox.com hushmail.com hey.com fastmail.com fastmail.fm
    kolabnow.com disroot.org riseup.net autistici.org inventati.org systemli.org soverin.net mailfence.com
    countermail.com ctemplar.com zoho.com zoho.eu zohomail.com zohomail.eu mail.com email.com usa.com europe.com
    gmx.com gmx.net gmx.de gmx.at gmx.ch gmx.fr gmx.es gmx.co.uk gmx.eu web.de freenet.de t-online.de arcor.de
    mail.de email.de online.de vodafone.de kabelmail.de freemail.hu citromail.hu
    orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr numericable.fr aliceadsl.fr
    skynet.be proximus.be telenet.be scarlet.be voo.be pandora.be brutele.be base.be
    ziggo.nl kpnmail.nl kpnplanet.nl planet.nl home.nl hetnet.nl xs4all.nl upcmail.nl tele2.nl chello.nl casema.nl
    pt.lu internet.lu vo.lu
    libero.it virgilio.it tin.it tim.it tiscali.it alice.it inwind.it iol.it aruba.it fastwebnet.it poste.it
    telefonica.net movistar.es ono.com terra.es
    sapo.pt netcabo.pt mail.telepac.pt clix.pt
    btinternet.com sky.com talktalk.net virginmedia.com ntlworld.com blueyonder.co.uk tiscali.co.uk
    eircom.net iol.ie
    bluewin.ch hispeed.ch sunrise.ch aon.at chello.at a1.net utanet.at
    wp.pl o2.pl onet.pl onet.eu op.pl interia.pl interia.eu gazeta.pl poczta.onet.pl vp.pl tlen.pl
    seznam.cz email.cz post.cz centrum.cz volny.cz atlas.cz centrum.sk azet.sk zoznam.sk post.sk
    abv.bg mail.bg dir.bg siol.net volja.net net.hr inet.hr
    telia.com comhem.se bredband.net spray.se tele2.se online.no broadpark.no
    mail.dk tdcadsl.dk jubii.dk ofir.dk stofanet.dk
    luukku.com kolumbus.fi elisanet.fi suomi24.fi pp.inet.fi saunalahti.fi
    inbox.lv inbox.lt mail.ee hot.ee delfi.lt one.lv
    otenet.gr forthnet.gr hol.gr in.gr cytanet.com.cy onvol.net go.net.mt
    yandex.com yandex.ru ya.ru mail.ru bk.ru inbox.ru list.ru rambler.ru ukr.net i.ua meta.ua
    qq.com 163.com 126.com sina.com foxmail.com naver.com daum.net hanmail.net rediffmail.com
    duck.com mozmail.com simplelogin.com simplelogin.io slmail.me anonaddy.com anonaddy.me addy.io 33mail.com
    mailinator.com guerrillamail.com 10minutemail.com yopmail.com yopmail.fr temp-mail.org trashmail.com
    maildrop.cc dispostable.com sharklasers.com discard.email getnada.com mohmal.com tempmail.dev
    comcast.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com optonline.net
"""
# Below these anybody may register a name, or every institution of a country has its own.
_SHARED_SUFFIXES = """
    co.uk org.uk ac.uk gov.uk ltd.uk plc.uk me.uk nhs.uk sch.uk police.uk
    co.at or.at ac.at gv.at com.pl org.pl edu.pl gov.pl net.pl waw.pl com.fr asso.fr gouv.fr
    com.es org.es gob.es edu.es com.pt org.pt edu.pt gov.pt com.ro org.ro edu.gr com.gr gov.gr org.gr
    com.cy org.cy ac.cy gov.cy com.mt org.mt edu.mt gov.mt gov.it edu.it gov.cz gov.sk gov.ie gov.hu co.hu org.hu
    eu.com de.com uk.com gb.net com.de co.nl com.hr com.ua gov.ua edu.ua com.tr edu.tr gov.tr com.mk edu.mk
    com.au org.au edu.au gov.au co.nz org.nz ac.nz govt.nz co.jp ac.jp or.jp com.br edu.br co.za ac.za ac.be europa.eu
    github.io gitlab.io web.app pages.dev vercel.app netlify.app herokuapp.com blogspot.com wordpress.com
    onmicrosoft.com sharepoint.com myshopify.com eu.org
"""
MAIL_PROVIDERS = frozenset(_MAIL_PROVIDERS.split())
# Those that have an ending in nearly every country.
_EVERYWHERE = re.compile(r"(?:^|\.)(?:hotmail|live|outlook|yahoo|gmx)\.(?:(?:co|com)\.)?[a-z]{2}$")
SHARED_SUFFIXES = frozenset(_SHARED_SUFFIXES.split())


def is_mail_provider(domain: str) -> bool:
    """Whether everybody may have an address there, or at a domain above it. `domain` in ASCII and lower case."""
    names = domain.split(".")
    above = {".".join(names[place:]) for place in range(len(names))}
    return not above.isdisjoint(MAIL_PROVIDERS) or _EVERYWHERE.search(domain) is not None
