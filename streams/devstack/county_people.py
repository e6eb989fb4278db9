"""Who does business in the simulated county?  Townships, trades, names, and hidden tempers.

The county is 叶县 (410422) of Henan; its townships are real, its enterprises are not: trade names
come from legends, and the codes carry ``YX``, a block that no register has issued.
"""

import dataclasses
import datetime as dt
import random
from collections.abc import Sequence

from detectors.uscc import ALPHABET, synthetic

AMR = "叶县市场监督管理局"
LICENSING = "叶县行政审批服务局"
CITY_AMR = "平顶山市市场监督管理局"
CREDIT_CENTRE = "平顶山市信用信息中心"
PROVINCE_DRUGS = "河南省药品监督管理局"

# domain reference §5.2: the 18 townships, each with its station (基层所)
TOWNSHIPS = {
    "410422001": "九龙", "410422002": "昆阳", "410422003": "盐都", "410422101": "任店",
    "410422102": "保安", "410422103": "仙台", "410422105": "叶邑", "410422106": "廉村",
    "410422107": "常村", "410422108": "辛店", "410422109": "洪庄杨", "410422110": "龚店",
    "410422201": "夏李", "410422203": "马庄", "410422204": "田庄", "410422207": "龙泉",
    "410422208": "水寨", "410422210": "邓李",
}  # fmt: skip
# Half of the firms sit in the three town districts.
_PLACE_WEIGHTS = [8, 12, 9, *([2] * 15)]

# Names of things that never were: no genuine firm is meant, and a reader sees it.
_WORDS = (
    "子虚", "乌有", "蓬瀛", "瑶圃", "方壶", "云梦", "青丘", "扶摇", "若木", "昆吾", "大椿", "白泽",
    "玄圃", "阆风", "沧溟", "望舒", "羲和", "飞廉", "重明", "毕方", "夸父", "精卫", "烛龙", "建木",
    "琅嬛", "太虚", "无何", "广寒", "弱水", "不周", "桃源", "槐安", "南柯", "黄粱", "华胥", "员峤",
    "岱舆", "赤松", "洪崖", "河伯", "山鬼", "云中", "东君", "湘灵", "鲛人", "蕉鹿", "庚桑", "列缺",
)  # fmt: skip
_SECOND = ("", "", "", "春", "丰", "和", "盛", "源", "泰", "隆", "兴", "顺", "祥", "德")

# What a hidden temper is: most firms keep order, some are careless, a few are in trouble.
_TEMPERS = ((0.71, 0.00, 0.07), (0.10, 0.25, 0.45), (0.19, 0.68, 0.95))
OLDEST_DAYS = 20 * 365
YOUNGEST_DAYS = 400
NEWCOMERS = 0.01  # share of the firms that are founded while we watch
# Firms whose ties are told of in every county (county_ties): one person's, and a head office with
# its branches.  They are old and keep order, so that what reaches them is seen to come from there.
KIN = range(30, 33)
OFFICE = range(40, 44)
SETTLED = frozenset({*KIN, *OFFICE})
# One agent registers more than twenty firms within a month (rule W22), half at one address.
BATCH = range(200, 224)
BATCH_WITHIN_DAYS = 24
BATCH_PLACE = "410422003"
_BATCH_AGENT, _BATCH_ADDRESS = "g-5eed0001", "a-5eed0001"
_AGENTS = tuple(f"g-{number:08x}" for number in range(16, 22))
_GOOD_ORDER = 0.03
# Chosen, not measured: a few firms in a hundred share their representative or their address.
SHARED_PERSONS, SHARED_ADDRESSES = 0.03, 0.04
# With an inherent risk above it, a newborn firm's first score passes the 50 points of rule W30.
_CALM_INDUSTRIES = ("F51", "F5251", "F5265", "H61", "L72", "O80", "I64", "C34", "A01")


@dataclasses.dataclass(frozen=True, slots=True)
class Permit:
    """A kind of permit that a trade lives on."""

    name: str
    series: str
    domain: str
    organ: str


_FOOD_TRADE = "食品经营许可证"
_CATERING = Permit(_FOOD_TRADE, "JY24104220", "CATER", LICENSING)
_FOOD_SHOP = Permit(_FOOD_TRADE, "JY14104220", "FOODS", LICENSING)
_FOOD_MAKER = Permit("食品生产许可证", "SC1034104220", "FOODP", CITY_AMR)
_PHARMACY = Permit("药品经营许可证", "豫DA3750", "DRUG", PROVINCE_DRUGS)


@dataclasses.dataclass(frozen=True, slots=True)
class Trade:
    """A line of business, and what can be found wrong in it.

    Shapes:
        ``weight`` is its share of the county.  ``forms`` end the names of companies, ``stalls``
        those of sole traders (none: no sole traders).  ``foods`` are sampled, ``equipment`` is
        inspected; empty where there is none.

    Units:
        ``complaints`` are complaints a firm and day in good order.
    """

    industry: str
    weight: int
    domain: str
    category: str
    forms: tuple[str, ...]
    stalls: tuple[str, ...]
    faults: tuple[str, ...]
    permit: Permit | None = None
    foods: tuple[str, ...] = ()
    equipment: str = ""
    public_place: bool = False
    complaints: float = 0.004


TRADES = (
    Trade("H6210", 22, "CATER", "restaurant", ("餐饮管理有限公司", "餐饮服务有限公司"),
          ("饭店", "面馆", "烩面馆", "小吃店", "农家菜馆"),
          ("未按规定清洗消毒餐饮具", "从业人员未取得健康证明上岗", "加工场所卫生不符合操作规范"),
          permit=_CATERING, foods=("自制馒头", "卤牛肉", "凉拌豆腐丝", "复用餐饮具"),
          complaints=0.008),
    Trade("F5212", 18, "FOODS", "food_shop", ("商贸有限公司", "超市有限公司"),
          ("超市", "副食店", "百货商店", "生鲜店"),
          ("经营超过保质期的食品", "未建立进货查验记录", "经营标签不符合规定的预包装食品"),
          permit=_FOOD_SHOP, foods=("韭菜", "鸡蛋", "散装花生米", "桶装饮用水"),
          complaints=0.007),
    Trade("C1494", 4, "FOODP", "food_factory", ("食品有限公司", "盐业食品有限公司"), (),
          ("生产过程控制记录不完整", "未按规定对出厂食品进行检验", "食品添加剂使用记录缺失"),
          permit=_FOOD_MAKER, foods=("酱腌菜", "调味盐", "挂面", "糕点"), complaints=0.002),
    Trade("C1311", 5, "FOODP", "grain_mill", ("面业有限公司", "粉条加工厂", "食用油有限公司"), (),
          ("原料进货查验记录不全", "生产车间防虫防鼠设施缺失", "标签标识不规范"),
          permit=_FOOD_MAKER, foods=("小麦粉", "红薯粉条", "芝麻香油"), complaints=0.002),
    Trade("F5251", 4, "DRUG", "pharmacy", ("大药房有限公司", "医药有限公司"), (),
          ("处方药未凭处方销售", "执业药师不在岗销售处方药", "阴凉储存药品温度超标"),
          permit=_PHARMACY),
    Trade("C3484", 6, "SE", "machine_works", ("机械制造有限公司", "金属制品有限公司"), (),
          ("特种设备作业人员未持证上岗", "未按规定建立特种设备安全技术档案"),
          equipment="桥式起重机", complaints=0.001),
    Trade("C3011", 4, "QUAL", "building_materials", ("建材有限公司", "新型材料有限公司"), (),
          ("产品未标注生产许可证编号", "出厂检验记录不全"), equipment="压力容器",
          complaints=0.002),
    Trade("H6110", 3, "SE", "hotel", ("酒店有限公司", "宾馆有限公司"), ("宾馆",),
          ("电梯维护保养记录缺失", "未张贴电梯使用标志"), equipment="乘客电梯",
          public_place=True, complaints=0.006),
    Trade("F5110", 10, "PUB", "wholesale", ("商贸有限公司", "物资有限公司"), ("经营部",),
          ("公示信息与实际情况不一致", "未按规定公示即时信息")),
    Trade("O8051", 8, "CONS", "salon", ("美容服务有限公司", "健身服务有限公司"),
          ("美发店", "洗浴中心", "汽车美容店"),
          ("预付卡未签订书面合同", "未明码标价"), complaints=0.010),
    Trade("P8391", 2, "AD", "tutoring", ("教育咨询有限公司",), (),
          ("发布虚假宣传广告", "培训广告含保证性承诺"), complaints=0.008),
    Trade("K7010", 2, "PRICE", "real_estate", ("置业有限公司",), (),
          ("未按规定一房一价公示", "广告面积与备案不符"), complaints=0.007),
    Trade("I6429", 3, "NET", "online_shop", ("网络科技有限公司", "电子商务有限公司"), (),
          ("未公示营业执照信息", "网络促销规则未显著公示"), complaints=0.006),
    Trade("F5265", 2, "MEAS", "filling_station", ("加油站",), (),
          ("加油机未经检定合格使用", "计量器具检定证书超期"), equipment="加油机油罐"),
    Trade("L7299", 4, "PUB", "business_service", ("企业服务有限公司", "劳务有限公司"), (),
          ("未按规定公示即时信息", "通过登记的住所难以联系")),
    Trade("A0111", 3, "QUAL", "cooperative", ("种植专业合作社", "农机专业合作社"), (),
          ("产品质量追溯记录不全", "农药使用记录缺失"), complaints=0.001),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Firm:
    """One enterprise.

    Shapes:
        ``legal_rep``, ``address`` and ``agent`` are hashes, as the register makes them; who was
        founded before the register was handed over has no agent on record.

    Units:
        ``temper`` is the hidden trouble it tends to, 0 (in order) to 1; no event states it.
    """

    number: int
    uscc: str
    name: str
    place: str
    trade: Trade
    established: dt.date
    temper: float
    legal_rep: str
    address: str
    agent: str = ""


def firms(seed: int, count: int, *, opening: dt.date, start: dt.date, end: dt.date) -> list[Firm]:
    """Return the enterprises of a county, the same for the same seed.

    Shapes:
        A smaller county is the beginning of a larger one.  Some firms are founded between
        ``opening`` (the day the register is handed over) and ``end``, a batch of them from
        ``start`` on (``county_ties``).
    """
    register = _Register(random.Random(f"people {seed}"), opening, start, end)
    return [register.enter(number) for number in range(count)]


@dataclasses.dataclass(slots=True)
class _Register:
    """The firms so far: no name is given twice, and some people and addresses are."""

    rng: random.Random
    opening: dt.date
    start: dt.date
    end: dt.date
    names: set[str] = dataclasses.field(default_factory=set)
    persons: list[str] = dataclasses.field(default_factory=list)
    addresses: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def enter(self, number: int) -> Firm:
        """Return the next firm."""
        rng = self.rng
        is_new = rng.random() < NEWCOMERS and number not in SETTLED
        in_batch = number in BATCH
        (trade,) = rng.choices(TRADES, [trade.weight for trade in TRADES])
        if is_new or in_batch:
            trade = rng.choice([one for one in TRADES if one.industry.startswith(_CALM_INDUSTRIES)])
            established = self._founding(number)
        else:
            # Firms die young: the square leans to the recent years.
            spread = rng.random() * rng.random() * (OLDEST_DAYS - YOUNGEST_DAYS)
            established = self.opening - dt.timedelta(days=YOUNGEST_DAYS + int(spread))
        (place,) = rng.choices(tuple(TOWNSHIPS), _PLACE_WEIGHTS)
        if in_batch:
            place = BATCH_PLACE
        is_stall = bool(trade.stalls) and rng.random() < 0.6  # noqa: PLR2004 - sole traders' share
        kind = "92" if is_stall else "93" if trade.category == "cooperative" else "91"
        agent = rng.choice(_AGENTS) if is_new else ""
        temper = _temper(rng)
        return Firm(
            number=number,
            uscc=synthetic(_serial(number, rng), prefix=f"{kind}410422"),
            name=self._name(TOWNSHIPS[place], trade.stalls if is_stall else trade.forms),
            place=place,
            trade=trade,
            established=established,
            temper=_GOOD_ORDER if number in SETTLED or in_batch else temper,
            legal_rep=self._person(number),
            address=self._address(number, place),
            agent=_BATCH_AGENT if in_batch else agent,
        )

    def _founding(self, number: int) -> dt.date:
        """Return the day on which a new firm is founded; those of the batch within a month."""
        if number in BATCH:
            days = min(BATCH_WITHIN_DAYS, (self.end - self.start).days - 1)
            return self.start + dt.timedelta(days=(number - BATCH.start) * days // len(BATCH))
        return self.opening + dt.timedelta(
            days=1 + self.rng.randrange((self.end - self.opening).days - 1)
        )

    def _name(self, township: str, forms: Sequence[str]) -> str:
        rng = self.rng
        while True:
            name = f"叶县{township}{rng.choice(_WORDS)}{rng.choice(_SECOND)}{rng.choice(forms)}"
            if name not in self.names:
                self.names.add(name)
                return name

    def _person(self, number: int) -> str:
        """Return who represents a firm: somebody new, or now and then who has a firm already."""
        fresh, is_known = f"p-{self.rng.randrange(16**8):08x}", self.rng.random() < SHARED_PERSONS
        if number in KIN and number != KIN.start:
            return self.persons[KIN.start]
        person = self.rng.choice(self.persons) if is_known and self.persons else fresh
        if number in SETTLED or number in BATCH:
            person = fresh
        self.persons.append(person)
        return person

    def _address(self, number: int, place: str) -> str:
        """Return where a firm sits: by itself, or now and then where another one does."""
        fresh = f"a-{self.rng.randrange(16**8):08x}"
        known = self.addresses.setdefault(place, [])
        is_shared = self.rng.random() < SHARED_ADDRESSES
        if number in BATCH and number % 2 == 0:
            return _BATCH_ADDRESS
        address = self.rng.choice(known) if is_shared and known else fresh
        known.append(address)
        return address


def _serial(number: int, rng: random.Random) -> int:
    """Return a serial whose code reads ``YX``, four of the number, three at random."""
    block = ALPHABET.index("Y") * 31 + ALPHABET.index("X")
    return (block * 31**4 + number) * 31**3 + rng.randrange(31**3)


def _temper(rng: random.Random) -> float:
    roll = rng.random()
    for share, low, high in _TEMPERS:
        if roll < share:
            return low + rng.random() * (high - low)
        roll -= share
    return _TEMPERS[0][1]
