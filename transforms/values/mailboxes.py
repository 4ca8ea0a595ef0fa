"""Mailbox lists: domains of personal and disposable providers, and local parts of shared mailboxes.

The list of personal providers is a seed from general knowledge and not complete: a domain in no list counts as
business. Extend it here.
"""

from disposable_email_domains import blocklist


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Brands with one domain per country: yahoo.com, yahoo.co.uk, gmx.de …
PERSONAL_BRANDS = ("gmx", "hotmail", "rocketmail", "yahoo", "yandex", "ymail")

PERSONAL_DOMAINS = _words(
    """
    gmail.com googlemail.com aol.com aim.com icloud.com me.com mac.com msn.com passport.com
    live.com live.be live.ca live.cl live.cn live.co.uk live.co.za live.com.ar live.com.au live.com.mx live.com.my
    live.com.pt live.com.sg live.de live.dk live.fi live.fr live.hk live.ie live.in live.it live.jp live.nl live.no
    live.ru live.se
    outlook.com outlook.at outlook.be outlook.cl outlook.co.id outlook.co.il outlook.com.ar outlook.com.au
    outlook.com.br outlook.com.gr outlook.com.tr outlook.com.vn outlook.cz outlook.de outlook.dk outlook.es outlook.fr
    outlook.hu outlook.ie outlook.in outlook.it outlook.jp outlook.kr outlook.lv outlook.my outlook.ph outlook.pt
    outlook.sa outlook.sg outlook.sk windowslive.com
    protonmail.com protonmail.ch proton.me pm.me tutanota.com tutanota.de tuta.com tuta.io tutamail.com keemail.me
    fastmail.com fastmail.fm hey.com hushmail.com zohomail.com zohomail.eu mailbox.org posteo.de posteo.net
    mail.com email.com inbox.com lycos.com excite.com usa.net techie.com consultant.com engineer.com
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com netzero.net
    optonline.net frontier.com roadrunner.com rr.com windstream.net centurylink.net
    rogers.com shaw.ca sympatico.ca telus.net videotron.ca bigpond.com bigpond.net.au optusnet.com.au iinet.net.au
    xtra.co.nz btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com ntlworld.com blueyonder.co.uk
    tiscali.co.uk eircom.net
    web.de t-online.de freenet.de arcor.de online.de email.de unity-mail.de bluewin.ch hispeed.ch sunrise.ch
    aon.at chello.at
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr cegetel.net
    libero.it virgilio.it alice.it tin.it tiscali.it inwind.it iol.it telenet.be skynet.be proximus.be scarlet.be
    ziggo.nl kpnmail.nl planet.nl xs4all.nl hetnet.nl home.nl casema.nl chello.nl
    terra.es telefonica.net ono.com sapo.pt telia.com bredband.net online.no getmail.no mail.dk jubii.dk kolumbus.fi
    seznam.cz centrum.cz post.cz email.cz azet.sk zoznam.sk wp.pl o2.pl onet.pl interia.pl op.pl tlen.pl
    freemail.hu citromail.hu abv.bg mail.bg inbox.lv mail.ru bk.ru inbox.ru list.ru internet.ru rambler.ru ya.ru
    ukr.net i.ua meta.ua walla.co.il walla.com
    qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn aliyun.com
    naver.com daum.net hanmail.net nate.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp nifty.com
    rediffmail.com indiatimes.com uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com
    prodigy.net.mx fibertel.com.ar
    """
)

# Ten thousand domains of a community-maintained list, and further ones that it lacks.
DISPOSABLE_DOMAINS = frozenset(blocklist) | _words(
    """
    burnermail.io cool.fr.nf spamgourmet.com temp-mail.io tempmail.com tempmail.net tempmailaddress.com throwaway.email
    """
)

# Local parts: read by a team, or typed to get past a mandatory form field.
SHARED_LOCAL_PARTS = _words(
    """
    abuse accounting accounts admin administration administrator all apps billing booking bookings business career
    careers client clients comms compliance contact contactus contracts customer customercare customerservice
    customersupport desk dev developer devops editor email enquiries enquiry events everyone feedback finance frontdesk
    general hello help helpdesk hi hostmaster hr info information inquiries inquiry invoice invoices invoicing it jobs
    legal list mail mailer-daemon mailbox main management manager marketing media news newsletter noc office online
    operations ops order orders partner partners partnerships payments payroll postmaster pr press privacy procurement
    purchase purchasing receipts reception recruiting recruitment registration reply request requests reservations
    returns root sales secretary security service services shop staff store subscribe subscriptions support sysadmin
    system team tech technical training unsubscribe user users vendor vendors web webmaster welcome
    buchhaltung bestellung bewerbung buero einkauf empfang kontakt personal rechnung rechnungen sekretariat verkauf
    vertrieb verwaltung zentrale accueil achats commercial compta comptabilite direction secretariat
    administracion compras contabilidad contacto facturacion ventas administracao comercial compras contato financeiro
    vendas acquisti amministrazione commerciale contabilita contatti ufficio vendite administratie inkoop verkoop
    bounce bounces do-not-reply donotreply no-reply noreply no_reply do_not_reply
    anonymous asdf asdfasdf dummy example fake invalid na noaddress no-address nobody noemail no-email no.email no_email
    noemailaddress nomail no-mail none noone notavailable notgiven notprovided not-provided null placeholder qwerty
    someone somebody test test1 test123 tester testing testtest unknown xx xxx xxxx xxxxx xyz
    """
)
