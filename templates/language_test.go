package templates

import (
	"strings"
	"testing"
)

func TestTheLanguageIsTheClientsWishThenTheBrowsersThenEnglish(t *testing.T) {
	for _, row := range []struct{ accept, uiLocales, want string }{
		{"", "", "en"},
		{"de-AT,de;q=0.9,en;q=0.5", "", "de"},
		{"en-GB,de;q=0.9", "", "en"},
		{"fr,de;q=0.5", "", "de"},
		{"fr", "", "en"},
		{"en", "de", "de"},
		{"de", "fr en", "en"},
		{"de", "fr", "de"},
		{"de", "!! ☃ de", "de"},
		{"not a header;;q=x", "", "en"},
		{"*", "", "en"},
		{strings.Repeat("de-", 4000), strings.Repeat("x ", 4000), "en"},
	} {
		if got := Language(row.accept, row.uiLocales); got != row.want {
			t.Errorf("Accept-Language %.40q, ui_locales %.40q: %s, want %s", row.accept, row.uiLocales, got, row.want)
		}
	}
}

func TestAFrameWithAnotherTagGetsTheNearestCatalogue(t *testing.T) {
	for lang, want := range map[string]string{"de-CH": "de", "en-US": "en", "ar": "en", "": "en", "<x>": "en"} {
		if got := catalogueFor(lang).tag; got != want {
			t.Errorf("%q is served in %s, want %s", lang, got, want)
		}
	}
}

func TestLanguagesWrittenFromTheRightAreKnown(t *testing.T) {
	for tag, want := range map[string]string{"en": "ltr", "de": "ltr", "ar": "rtl", "he": "rtl", "fa": "rtl", "ur": "rtl", "az-Arab": "rtl", "ja": "ltr"} {
		if got := direction(tag); got != want {
			t.Errorf("%s runs %s, want %s", tag, got, want)
		}
	}
}

func FuzzLanguageIsAlwaysOneWeHave(f *testing.F) {
	f.Add("de-AT,de;q=0.9", "fr de")
	f.Add("x-y-z-*;q=", "\x00 de")
	f.Fuzz(func(t *testing.T, accept, uiLocales string) {
		if _, ok := catalogues[Language(accept, uiLocales)]; !ok {
			t.Errorf("no catalogue for %q, %q", accept, uiLocales)
		}
	})
}
