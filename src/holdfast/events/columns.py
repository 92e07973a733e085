"""Which column is what: guessing the role of each column from its name, then from its values.

The names are those of Shopify, WooCommerce, Stripe, Google Analytics, Segment, UCI Online Retail and CDNOW, and the usual words
in English, German, French and Spanish. Names are compared without case, accents, blanks and signs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import UnknownName
from holdfast.events.dates import looks_like_times
from holdfast.events.text import Found

__all__ = [
    "FEW_REPEAT",
    "NAMES",
    "ROLES",
    "given_mapping",
    "guess_by_name",
    "guess_by_values",
    "plain_name",
    "reconsidered",
]

NAMES: dict[str, str] = {
    "event_id": "messageid eventid eventuuid insertid",
    "time": (
        "timestamp originaltimestamp eventtimestamp eventtime occurredat datetime invoicedate orderdate orderdatetime "
        "ordertime purchasedate transactiondate createdat datecreated created createdutc createddate createddateutc "
        "paidat datepaid completedat date time eventdate servertime receivedat sentat day bestelldatum rechnungsdatum "
        "kaufdatum auftragsdatum erstelltam datum zeit zeitpunkt zeitstempel datecommande datedecommande dateachat dateheure "
        "datefacture horodatage heure fecha fechapedido fechadepedido fechacompra fechafactura hora ts t"
    ),
    "customer": (
        "customerid customeruserid userid custid clientid idclient shopperid buyerid memberid accountid personid "
        "visitorid kundennummer kundenid kundennr kundenummer numeroclient noclient codeclient clienteid idcliente "
        "numerocliente codigocliente customer user client buyer kunde acheteur cliente comprador usuario "
        "utilisateur benutzer customeremail emailaddress email emailbilling "
        "billingemail billingemailaddress buyeremail mail correo courriel customername buyername uid id"
    ),
    "anonymous": "anonymousid deviceid userpseudoid clientpseudoid cookieid fullvisitorid distinctid visitortoken anonid",
    "event": "event eventname eventtype action activity ereignis aktion evenement evento accion",
    "type": "type calltype messagetype",
    "order": (
        "orderid amazonorderid invoiceno invoicenumber invoice invoiceid ordernumber orderno ordername transactionid "
        "transaction purchaseid receiptid receiptno receipt basketid bestellnummer bestellnr bestellid auftragsnummer "
        "auftragsnr rechnungsnummer rechnungsnr belegnummer bestellung numerocommande nocommande ncommande idcommande "
        "commandeid commande numerofacture facture numeropedido idpedido pedidoid nopedido npedido pedido numerofactura "
        "factura order chargeid"
    ),
    "refund_of": (
        "refundof originalorderid originalorder originalinvoice refundedorderid parentorderid returnof refundorderid "
        "erstattungzu remboursementde"
    ),
    "product": (
        "productid stockcode sku lineitemsku itemsku productsku productcode itemid itemcode articleid articleno "
        "articlenumber variantid asin lineitemname product productname item itemname article artikelnummer artikelnr "
        "artikelid artikel produkt produktid produktnummer referenceproduit codeproduit idproduit produit "
        "codigoproducto idproducto producto articulo lineitem"
    ),
    "product_name": (
        "description productname lineitemname itemname productdescription bezeichnung artikelbezeichnung libelle "
        "nomproduit designation descripcion nombreproducto"
    ),
    "category": (
        "category productcategory itemcategory department producttype collection kategorie warengruppe produktkategorie "
        "categorie rayon categoria"
    ),
    "quantity": (
        "quantity qty lineitemquantity itemquantity orderedquantity units unitsold count menge anzahl stuckzahl "
        "stueckzahl quantite qte cantidad unidades cant"
    ),
    "price": (
        "unitprice price lineitemprice itemprice priceperunit sellingprice itemcost einzelpreis preis stuckpreis "
        "stueckpreis prixunitaire prix preciounitario precio"
    ),
    "revenue": (
        "revenue ordertotal totalprice total totalamount ordertotalamount grandtotal totalrevenue amount orderamount "
        "orderrevenue ordervalue purchaserevenue purchaseamount transactionrevenue sales netsales salesamount value "
        "dollarvalue dollars linetotal amountpaid netamount gross net umsatz betrag gesamtbetrag gesamtsumme summe "
        "gesamtpreis gesamt bestellwert montant montanttotal montantttc totalttc chiffredaffaires ca importe "
        "importetotal monto ingresos ventas spend spent subtotal lineamount"
    ),
    "currency": "currency currencycode ordercurrency presentmentcurrency wahrung waehrung devise monnaie moneda divisa",
    "products": "products items lineitems",
}
"""Role → plain names that mean it, the surest first."""

FEW_REPEAT = 0.95
"""Of the ids of events at least this share is different; else the column is a kind of event, and rows would be lost."""

_ENOUGH = 10

ROLES = tuple(NAMES)
"""What a column can be. A column without a role becomes a property of the event."""

_UNIT = re.compile(r"\s*[(\[]\s*(?:[A-Z]{3}|[€£$])\s*[)\]]\s*$")
"""The currency behind the name of an amount: "Total (EUR)"."""

_DOTTED = ("properties.", "context.", "traits.", "data.", "attributes.", "ecommerce.")


def plain_name(name: str) -> str:
    """A name without case, accents, blanks and signs: "Référence produit" → "referenceproduit"."""
    bare = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return "".join(letter for letter in bare if letter.isalnum() and not unicodedata.combining(letter))


def given_mapping(mapping: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """The caller's mapping with exact column names; "" or "-" means no column.

    Errors: UnknownName for an unknown role or column, with the nearest ones.
    """
    plain = {plain_name(name): name for name in reversed(columns)}
    found = {}
    for role, column in mapping.items():
        if role not in ROLES:
            raise UnknownName("role of a column", role, ROLES)
        if column in ("", "-"):
            found[role] = ""
        elif column in columns:
            found[role] = column
        elif plain_name(column) in plain and plain_name(column):
            found[role] = plain[plain_name(column)]
        else:
            raise UnknownName("column", column, columns)
    return found


def guess_by_name(columns: Sequence[str], taken: Mapping[str, str]) -> dict[str, tuple[str, Found]]:
    """Role → (column, why) for the roles not taken, by name; a column serves one role."""
    used = set(taken.values())
    plain = {name: _plain_forms(name) for name in columns}
    if any(plain_name(name).startswith("lineitem") for name in columns):
        # Shopify calls the order's number "Name"
        plain = {name: forms | {"ordername"} if forms == {"name"} else forms for name, forms in plain.items()}
    if any("amazonorderid" in forms for forms in plain.values()):
        # Amazon's price of an item is that of all its pieces together
        plain = {name: {"linetotal"} if forms == {"itemprice"} else forms for name, forms in plain.items()}
    found: dict[str, tuple[str, Found]] = {}
    for role, words in NAMES.items():
        if role in taken:
            continue
        for place, word in enumerate(words.split()):
            column = next((name for name in columns if name not in used and word in plain[name]), None)
            if column is not None and not (
                role == "customer" and word == "id" and len(columns) > 1 and _has_person(plain.values())
            ):
                found[role] = (column, Found(column, f"its name is a usual one for {role}", 0.95 if place < 12 else 0.8))
                used.add(column)
                break
    return found


def reconsidered(sample: pa.Table, mapping: Mapping[str, str], given: Mapping[str, str]) -> dict[str, tuple[str, Found] | None]:
    """Roles guessed by name that the values speak against, each with the role (and why) that the column has instead.

    An `event_id` that repeats is a kind of event: taken as an id, all but the first would be lost. A customer called `id`
    of whom none comes twice is the number of the order.
    """
    found: dict[str, tuple[str, Found] | None] = {}
    if "event_id" in mapping and "event_id" not in given:
        ids = sample[mapping["event_id"]].drop_null()
        if len(ids.unique()) < FEW_REPEAT * len(ids):
            found["event_id"] = None
    customer = mapping.get("customer", "")
    called_id = "customer" not in given and plain_name(customer) == "id" and not {"order", "event"} & {*mapping, *given}
    if called_id and sample.num_rows >= _ENOUGH and pc.count_distinct(sample[customer]).as_py() == sample.num_rows:
        found["customer"] = ("order", Found(customer, "it is called id, and no value repeats", 0.6))
    return found


def _has_person(forms: Iterable[set[str]]) -> bool:
    return any({"anonymousid", "deviceid"} & form for form in forms)


def _plain_forms(name: str) -> set[str]:
    """A column's plain name, and for the nested keys of JSON events the name without its envelope."""
    forms = {plain_name(name), plain_name(_UNIT.sub("", name))}
    for prefix in _DOTTED:
        if name.lower().startswith(prefix):
            forms.add(plain_name(name[len(prefix) :]))
    return forms


def guess_by_values(sample: pa.Table, taken: Mapping[str, str]) -> dict[str, tuple[str, Found]]:
    """Role → (column, why) for customer, time and revenue, by what the values look like; for files without telling names."""
    free = [name for name in sample.column_names if name not in taken.values()]
    found: dict[str, tuple[str, Found]] = {}
    if "time" not in taken:
        time = next((name for name in free if _is_time(sample[name])), None)
        if time is not None:
            found["time"] = (time, Found(time, "its values are dates", 0.7))
            free.remove(time)
    if "customer" not in taken and not {"anonymous"} & set(taken):
        named = {name for name in free if not name.startswith("column") or len(taken) > 0}
        if free and not named:
            found |= _person_and_order(sample, free, taken)
            free = [name for name in free if name not in {column for column, _ in found.values()}]
    if "revenue" not in taken and "price" not in taken and "event" not in taken:
        money = [name for name in free if name.startswith("column") and _is_money(sample[name])]
        if money:
            found["revenue"] = (money[-1], Found(money[-1], "the last column of numbers with decimals", 0.6))
    return found


def _person_and_order(sample: pa.Table, free: list[str], taken: Mapping[str, str]) -> dict[str, tuple[str, Found]]:
    """The customer of a file without header: its first column, unless that never repeats and the next one does; then the
    first is the order's number."""
    first = free[0]
    if len(free) > 1 and "order" not in taken and sample.num_rows > 1 and not _is_money(sample[free[1]]):
        second = free[1]
        if pc.count_distinct(sample[first]).as_py() == sample.num_rows > pc.count_distinct(sample[second]).as_py() > 1:
            return {
                "order": (first, Found(first, "the first column of a file without header, and no value repeats", 0.5)),
                "customer": (second, Found(second, "the first column of which values repeat", 0.5)),
            }
    return {"customer": (first, Found(first, "the first column of a file without header", 0.5))}


def _is_time(column: pa.ChunkedArray) -> bool:
    if pa.types.is_temporal(column.type):
        return True
    return looks_like_times(column.combine_chunks())


def _is_money(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(column.type):
        return False
    return (pc.sum(pc.match_substring_regex(column, r"^-?\d+[.,]\d{2}$")).as_py() or 0) > 0.9 * len(column)
