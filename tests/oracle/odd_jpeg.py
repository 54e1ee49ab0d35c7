"""Writes JPEGs of kinds that Pillow reads and does not write.

Every sampling, scans of one component, and scans of a few coefficients. Slow and plain: the coefficients are not
quantized, and the Huffman codes all have one length.
"""

import math
import struct

ZIGZAG = sorted(range(64), key=lambda n: (n // 8 + n % 8, n // 8 if (n // 8 + n % 8) % 2 else n % 8))
COSINES = [[math.cos((2 * x + 1) * u * math.pi / 16) * (math.sqrt(1 / 8) if u == 0 else 0.5) for x in range(8)] for u in range(8)]
DC_LENGTH, AC_LENGTH = 4, 9


class Bits:
    def __init__(self):
        self.bytes, self.value, self.count = bytearray(), 0, 0

    def put(self, value, count):
        self.value, self.count = self.value << count | value, self.count + count
        while self.count >= 8:
            self.count -= 8
            byte = self.value >> self.count & 255
            self.bytes += bytes([byte, 0]) if byte == 255 else bytes([byte])
        self.value &= (1 << self.count) - 1

    def number(self, number):
        """What follows a code: a number in as few bits as it needs."""
        size = abs(number).bit_length()
        if size:
            self.put(number if number > 0 else number + (1 << size) - 1, size)

    def pad(self):
        if self.count:
            self.put((1 << (8 - self.count)) - 1, 8 - self.count)


def segment(marker, body):
    return bytes([255, marker]) + struct.pack(">H", len(body) + 2) + body


def code_table(kind, length, symbols):
    counts = [0] * 16
    counts[length - 1] = len(symbols)
    return segment(0xC4, bytes([kind << 4] + counts) + bytes(symbols))


def coefficients(samples, x0, y0):
    """Of a block, in zigzag order; the samples are repeated beyond their edges."""
    height, width = len(samples), len(samples[0])
    block = [[samples[min(y0 + y, height - 1)][min(x0 + x, width - 1)] - 128 for x in range(8)] for y in range(8)]
    rows = [[sum(row[x] * COSINES[u][x] for x in range(8)) for u in range(8)] for row in block]
    values = [[sum(rows[y][u] * COSINES[v][y] for y in range(8)) for u in range(8)] for v in range(8)]
    return [round(values[n // 8][n % 8]) for n in ZIGZAG]


def plane(image, channel, across, down):
    """A channel of the picture, averaged over boxes."""
    width, height = image.size
    pixels = image.load()
    columns, rows = -(-width // across), -(-height // down)

    def average(x, y):
        points = [(min(x * across + i, width - 1), min(y * down + j, height - 1)) for i in range(across) for j in range(down)]
        values = [pixels[point] if channel is None else pixels[point][channel] for point in points]
        return round(sum(values) / len(values))

    return [[average(x, y) for x in range(columns)] for y in range(rows)]


def jpeg(image, factors, interleaved=True, progressive=False, restart=0):
    """`factors`: of each component, across and down; one for gray, three for YCbCr."""
    width, height = image.size
    most = max(h for h, _ in factors), max(v for _, v in factors)
    source = image.convert("L") if len(factors) == 1 else image.convert("YCbCr")
    mcus = -(-width // (8 * most[0])), -(-height // (8 * most[1]))
    blocks = []
    for channel, (h, v) in enumerate(factors):
        samples = plane(source, None if len(factors) == 1 else channel, most[0] // h, most[1] // v)
        across, down = mcus[0] * h, mcus[1] * v
        # How many blocks the component has without those that fill its last MCUs.
        own = -(-(-(-width * h // most[0])) // 8), -(-(-(-height * v // most[1])) // 8)
        blocks.append((h, v, own, [[coefficients(samples, 8 * x, 8 * y) for x in range(across)] for y in range(down)]))

    file = b"\xff\xd8" + segment(0xDB, bytes([0] + [1] * 64))
    frame = struct.pack(">BHHB", 8, height, width, len(factors))
    frame += b"".join(bytes([n + 1, h << 4 | v, 0]) for n, (h, v) in enumerate(factors))
    file += segment(0xC2 if progressive else 0xC0, frame)
    file += code_table(0, DC_LENGTH, list(range(12))) + code_table(1, AC_LENGTH, list(range(255)))
    if restart:
        file += segment(0xDD, struct.pack(">H", restart))
    every = list(range(len(factors)))
    if progressive:
        scans = [(every, 0, 0)] + [([n], *band) for n in every for band in ((1, 5), (6, 63))]
    else:
        scans = [(every, 0, 63)] if interleaved else [([n], 0, 63) for n in every]
    for components, first, last in scans:
        header = bytes([len(components)]) + b"".join(bytes([n + 1, 0]) for n in components) + bytes([first, last, 0])
        file += segment(0xDA, header) + scan(blocks, components, mcus, first, last, restart)
    return file + b"\xff\xd9"


def scan(blocks, components, mcus, first, last, restart):
    if len(components) == 1:
        own = blocks[components[0]][2]
        units = [[(components[0], x, y)] for y in range(own[1]) for x in range(own[0])]
    else:
        units = [[(n, mx * blocks[n][0] + i, my * blocks[n][1] + j) for n in components for j in range(blocks[n][1]) for i in range(blocks[n][0])]
                 for my in range(mcus[1]) for mx in range(mcus[0])]
    bits, before = Bits(), {}
    for number, unit in enumerate(units):
        if restart and number and number % restart == 0:
            bits.pad()
            bits.bytes += bytes([255, 0xD0 + (number // restart - 1) % 8])
            before = {}
        for n, x, y in unit:
            block = blocks[n][3][y][x]
            if first == 0:
                difference = block[0] - before.get(n, 0)
                before[n] = block[0]
                bits.put(abs(difference).bit_length(), DC_LENGTH)
                bits.number(difference)
            run = 0
            for value in block[max(first, 1):last + 1]:
                if value == 0:
                    run += 1
                    continue
                while run > 15:
                    bits.put(0xF0, AC_LENGTH)
                    run -= 16
                bits.put(run << 4 | abs(value).bit_length(), AC_LENGTH)
                bits.number(value)
                run = 0
            if run:
                bits.put(0, AC_LENGTH)
    bits.pad()
    return bytes(bits.bytes)
