import { expect, test } from "vitest";
import { browserName, shownAddress } from "./push";

test("a browser is called what people call it", () => {
  expect(browserName("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox on Linux");
  expect(browserName("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36")).toBe("Chrome on Android");
  expect(browserName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1")).toBe("Safari on iPhone");
  expect(browserName("curl/8")).toBe("Browser");
});

test("of a subscription only the service is shown", () => {
  expect(shownAddress("push", '{"endpoint":"https://updates.push.services.mozilla.com/wpush/v2/x","keys":{}}')).toBe("a browser by updates.push.services.mozilla.com");
  expect(shownAddress("push", "nonsense")).toBe("a browser");
  expect(shownAddress("sms", "+4915112345678")).toBe("+4915112345678");
});
