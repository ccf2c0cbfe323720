"""Which element of the output stands where one of the input stood, also when private blocks moved or items went."""


def concept(item):
    """Code value of an SR content item's concept name, to find the item again when others were removed."""
    for e in item:
        if e.tag == 0x0040A043 and e.items:
            return next((c.values()[0] for c in e.items[0] if c.tag in (0x00080100, 0x00080119) and c.raw), "")
    return ""


def pairs(before, after):
    """(input element, output element or None) at all depths. Items pair by position; when their number changed, by concept name in order."""
    known = {e.key: e for e in after}
    for a in before:
        b = known.get(a.key)
        yield a, b
        if a.items is None:
            continue
        left, right = a.items, (b.items or []) if b is not None else []
        if len(left) != len(right):
            right = list(right)
            matched = []
            for item in left:
                name = concept(item)
                found = next((r for r in right if name and concept(r) == name), None)
                if found is not None:
                    right.remove(found)
                matched.append(found or [])
            right = matched
        for x, y in zip(left, right):
            yield from pairs(x, y)
