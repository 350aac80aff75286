import jsqr from "jsqr";
import { expect, test } from "vitest";
import { qr } from "./qr";

/* Read back by a reader that is not ours. */
function read(text: string) {
  const field = qr(text);
  const scale = 4, quiet = 4;
  const side = (field.length + 2 * quiet) * scale;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  field.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (dark)
        for (let dy = 0; dy < scale; dy++)
          for (let dx = 0; dx < scale; dx++) pixels.fill(0, (((y + quiet) * scale + dy) * side + (x + quiet) * scale + dx) * 4, (((y + quiet) * scale + dy) * side + (x + quiet) * scale + dx) * 4 + 3);
    }),
  );
  return jsqr(pixels, side, side)?.data;
}

test.each([1, 17, 18, 53, 78, 106, 134, 154, 192, 230, 271])("%i bytes come back", (size) => {
  const text = "otpauth://totp/Tocsin:ann@example.org?secret=JBSWY3DPEHPK3PXP&issuer=Tocsin".repeat(4).slice(0, size);
  expect(read(text)).toBe(text);
});
test("what is too long is refused", () => expect(() => qr("x".repeat(272))).toThrow());
