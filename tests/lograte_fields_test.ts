import { assertEquals } from "@std/assert";
import { FieldReader } from "../collectors/lograte/fields.ts";
import { Shape } from "../collectors/lograte/shape.ts";
import { random } from "./helpers/random.ts";

const NAMES = ["a", "b", "a.b", "1", "__proto__", "constructor", "length"];
const PATHS = [
  ...["a", "b", "a.b", "a.b.a", "b.a", "a.0", "a.1.b", "b.length", "length"],
  ...["__proto__", "constructor", "constructor.name", "1", "", "."],
];
const SCALARS = [
  ...['"x"', '""', '"1"', '"a long text, {not} \\u005b in it"', '"\u2028é😀"'],
  ...['"\\u00e9"', '"\\"quoted\\""', '"\\ud800"', '"C:\\\\a\\nb\\/"', "null"],
  ...["true", "false", "0", "-0", "1", "-1", "200", "1781395200000", "1e3"],
  ...["1.0", "0.5", "-0.5", "1.50", "0.000001", "0.0000001", "12.3456789"],
  ...["999999999999999", "12345678901234567890", "1E400", "-1.5e-7", "1.613"],
];
const BROKEN = [
  ...['"x', '"\t"', '"\\x"', '"\\u12"', "01", "-", "1.", ".5", "+1", "nul"],
  ...["NaN", "undefined", "'x'", "", "1 2", "[1,]", '{"a":1,}', '{"a"}', "{,}"],
];

/** The text of a field, as JSON.parse finds it. */
function textOf(document: unknown, path: string): string | undefined {
  const member = (value: unknown, name: string) =>
    value instanceof Object
      ? new Map<string, unknown>(Object.entries(value)).get(name)
      : undefined;
  const found = path.split(".").reduce(member, document) ??
    (path.includes(".") ? member(document, path) : undefined);
  const isText = ["string", "number", "boolean"].includes(typeof found);
  return isText ? `${found}` : undefined;
}

/** The texts of all fields; undefined if the line is no JSON object. */
function expected(line: string): (string | undefined)[] | undefined {
  try {
    const document = JSON.parse(line);
    if (!line.startsWith("{")) return undefined;
    return PATHS.map((path) => textOf(document, path));
  } catch {
    return undefined;
  }
}

/** Makes lines that nearly all have the same fields. */
function template(next: () => number): () => string {
  const one = <T>(all: T[]) => all[Math.floor(next() * all.length)]!;
  const scalar = () => one(next() < 0.01 ? BROKEN : SCALARS);
  const value = (depth: number): () => string => {
    const kind = next();
    if (kind < 0.6 || depth > 3) return scalar;
    const count = Math.floor(next() * 4);
    const members = Array.from({ length: count }, () => value(depth + 1));
    const list = members.map((member) => ["", member] as const);
    const named = members.map((member) =>
      [
        ...[`${JSON.stringify(one(NAMES))}${one([":", ": ", " : "])}`, member],
      ] as [string, () => string]
    );
    const [open, close, all] = kind < 0.7
      ? ["[", "]", list] as const
      : ["{", "}", named] as const;
    const comma = one([",", ", ", "\t,"]);
    return () =>
      next() < 0.02
        ? scalar()
        : open + all.map(([key, make]) => key + make()).join(comma) + close;
  };
  const fields = Array.from(
    { length: Math.floor(next() * 6) },
    () => [JSON.stringify(one(NAMES)), value(0)] as const,
  );
  return () =>
    `{${fields.map(([key, make]) => `${key}:${make()}`)}}` +
    one(["", "", "", "", " ", "}", "x"]);
}

Deno.test("FieldReader finds the fields that JSON.parse finds in random lines", () => {
  for (let seed = 0; seed < 100; seed++) {
    const next = random(seed);
    const reader = new FieldReader();
    for (const path of PATHS) reader.want(path);
    const makers = [template(next), template(next)];
    for (let i = 0; i < 50; i++) {
      const whole = makers[Math.floor(next() * 2)]!();
      const line = next() < 0.03
        ? whole.slice(0, next() * whole.length)
        : whole;
      assertEquals(reader.read(line), expected(line), `${seed}: ${line}`);
    }
  }
});

Deno.test("FieldReader reads lines whose shape is always new, and large ones", () => {
  const reader = new FieldReader();
  const place = reader.want("at");
  const none = reader.want("none");
  const fields = Array.from({ length: 5000 }, (_, i) => `"f${i}": ${i}`);
  const deep = '{"a":'.repeat(2000) + "1" + "}".repeat(2000);
  for (let i = 0; i < 2000; i++) {
    const other = i % 2 > 0
      ? `"f${i}":1`
      : i % 100 > 0
      ? `"a":${deep}`
      : fields;
    const texts = reader.read(`{${other},"at":${i}}`)!;
    assertEquals([texts[place], texts[none]], [`${i}`, undefined]);
  }
  assertEquals(reader.read("{}"), [undefined, undefined]);
});

Deno.test("FieldReader.want() asks for one more field", () => {
  const reader = new FieldReader();
  for (const [i, path] of ["a", "b", "a", "c"].entries()) {
    assertEquals(reader.want(path), [0, 1, 0, 2][i]);
    const line = '{"a":1,"b":2,"c":3}';
    assertEquals(reader.read(line)![reader.want(path)], `${[1, 2, 1, 3][i]}`);
  }
});

const FIELDS = JSON.parse('{"ms":5,"req":{"id":"a"},"tags":["b"],"msg":"c"}');

function shapeOf(): Shape {
  const id = { within: FIELDS.req, name: "id" };
  return new Shape(FIELDS, [id, undefined, { within: FIELDS, name: "ms" }]);
}

Deno.test("Shape reads lines with the same fields, and no others", () => {
  const [shape, texts] = [shapeOf(), ["", undefined, ""]];
  const line = '{"ms":-1.5,"req":{"id":"\u00e9"},"tags":[null],"msg":"\\n"}';
  assertEquals(shape.read(line, texts), true);
  assertEquals(texts, ["\u00e9", undefined, "-1.5"]);
  const spaced = '{"ms": null, "req": {"id": true}, "tags": [1e3], "msg": ""}';
  assertEquals(shape.read(spaced, texts), true);
  assertEquals(texts, ["true", undefined, undefined]);
  for (
    const other of [
      '{"ms":5,"req":{"id":"a"},"tags":["b"]}',
      '{"ms":5,"req":{"id":"a"},"tags":["b","b"],"msg":"c"}',
      '{"ms":5,"tags":["b"],"req":{"id":"a"},"msg":"c"}',
      '{"ms":5,"req":{"id":"a"},"tags":["b"],"msg":"c","ms":6}',
      `${line} `,
      line.slice(0, -1),
    ]
  ) assertEquals(shape.read(other, texts), false, other);
});

Deno.test("Shape reads values as JSON.parse does, or not at all", () => {
  const [shape, texts] = [shapeOf(), ["", undefined, ""]];
  for (const value of [...SCALARS, ...BROKEN]) {
    const wanted = `{"ms":${value},"req":{"id":""},"tags":[""],"msg":""}`;
    if (shape.read(wanted, texts)) {
      assertEquals(texts, ["", undefined, textOf(JSON.parse(wanted), "ms")]);
    }
    const other = `{"ms":"","req":{"id":""},"tags":[${value}],"msg":${value}}`;
    const isValid = SCALARS.includes(value);
    assertEquals(shape.read(other, texts), isValid, other);
  }
});
