package templates

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
	"time"
)

// usedKeys lists every message key that a template names, or that a table of this package hands to a template.
func usedKeys(t *testing.T) map[string]bool {
	used := map[string]bool{"moment": true}
	for _, files := range []fs.FS{pageFiles, letterFiles} {
		if err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				source, _ := fs.ReadFile(files, path)
				keysOf(t, path, string(source), used)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range refusals[1:] {
		used[r.key] = true
	}
	for _, k := range problemKeys {
		used[k.title], used[k.message] = true, true
	}
	for _, r := range goneReasons {
		used[r.title], used[r.message] = true, true
	}
	for _, n := range noticeKeys {
		used[n.subject], used[n.message] = true, true
	}
	for _, key := range linkGoneReasons {
		used[key] = true
	}
	for _, key := range nextKeys {
		used[key] = true
	}
	for left := range 3 {
		used[RecoveryCodesLow{Left: left}.MessageKey()] = true
	}
	for _, key := range factorKeys {
		used[key] = true
	}
	for _, step := range emailSteps {
		used[step.title], used[step.message] = true, true
	}
	for _, r := range resetReasons {
		used[r.subject], used[r.why], used[r.unexpected] = true, true, true
	}
	for _, change := range twoFactorChanges {
		used[change.title], used[change.message], used[change.button] = true, true, true
	}
	for _, tab := range settingsTabs {
		used[tab.key] = true
	}
	for _, key := range whomToAskKeys {
		used[key] = true
	}
	for _, key := range roleKeys {
		used[key] = true
	}
	for _, u := range units {
		used[u.one], used[u.many] = true, true
	}
	for m := time.January; m <= time.December; m++ {
		used["month."+strconv.Itoa(int(m))] = true
	}
	return used
}

var calls = regexp.MustCompile(`[({]\s*(?:t|rich) "([^"]+)"`)

// keysOf parses one template and collects the first argument of every t and rich.
func keysOf(t *testing.T, path, source string, used map[string]bool) {
	t.Helper()
	tree := parse.New(path)
	tree.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(source, "", "", trees); err != nil {
		t.Fatal(err)
	}
	for _, one := range trees {
		for _, call := range calls.FindAllStringSubmatch(one.Root.String(), -1) {
			used[call[1]] = true
		}
	}
}

func TestEveryMessageExistsInEveryLanguageAndNoneIsUnused(t *testing.T) {
	used := usedKeys(t)
	for tag, c := range catalogues {
		for key := range used {
			if c.messages[key] == "" {
				t.Errorf("%s: message %q is missing", tag, key)
			}
		}
		for key := range c.messages {
			if !used[key] {
				t.Errorf("%s: message %q is used nowhere", tag, key)
			}
		}
	}
}

func TestEveryOfferedLanguageHasACatalogueAndEveryCatalogueIsOffered(t *testing.T) {
	folders, err := fs.Glob(catalogueFiles, "catalogues/*")
	if err != nil || len(folders) != len(offered) || len(catalogues) != len(offered) {
		t.Errorf("%d folders, %d offered, %d loaded, %v", len(folders), len(offered), len(catalogues), err)
	}
}

func TestLanguagesFillInTheSameValues(t *testing.T) {
	placeholder := regexp.MustCompile(`\{[^}]*\}`)
	values := func(tag, key string) []string {
		found := placeholder.FindAllString(catalogues[tag].messages[key], -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for key := range catalogues["en"].messages {
		for tag := range catalogues {
			if !slices.Equal(values("en", key), values(tag, key)) {
				t.Errorf("%s: %q fills in %v, English %v", tag, key, values(tag, key), values("en", key))
			}
		}
	}
}

func TestNoMessageIsWrittenTwice(t *testing.T) {
	for tag, c := range catalogues {
		files, _ := fs.Glob(catalogueFiles, "catalogues/"+tag+"/*.json")
		tokens := 0
		for _, file := range files {
			source, _ := catalogueFiles.ReadFile(file)
			for d := json.NewDecoder(strings.NewReader(string(source))); ; tokens++ {
				if _, err := d.Token(); err != nil {
					break
				}
			}
		}
		if want := 2*len(c.messages) + 2*len(files); tokens != want {
			t.Errorf("%s: %d tokens for %d messages; a key stands there twice", tag, tokens, len(c.messages))
		}
	}
}

// TestGermanHasOneWordForTwoFactorAuthentication because who was mailed about it looks for the word in Settings.
func TestGermanHasOneWordForTwoFactorAuthentication(t *testing.T) {
	for key, english := range catalogues["en"].messages {
		german := catalogues["de"].messages[key]
		if strings.Contains(strings.ToLower(english), "two-factor authentication") && !strings.Contains(german, "Zwei-Faktor-Authentifizierung") {
			t.Errorf("%s: %q says %q", key, english, german)
		}
	}
}

// TestALetterInPlainTextSpeaksOfNoButton because there is none in it.
func TestALetterInPlainTextSpeaksOfNoButton(t *testing.T) {
	said := map[string]bool{}
	letters, err := fs.Glob(letterFiles, "letters/*.txt")
	if err != nil || len(letters) < 5 {
		t.Fatalf("%d letters, %v", len(letters), err)
	}
	for _, path := range letters {
		source, _ := fs.ReadFile(letterFiles, path)
		keysOf(t, path, string(source), said)
	}
	for key := range said {
		for tag, word := range map[string]string{"en": "button", "de": "Knopf"} {
			if text := catalogues[tag].messages[key]; strings.Contains(text, word) {
				t.Errorf("%s: %s: %q", tag, key, text)
			}
		}
	}
}

func TestAMissingMessageOrValueIsAnError(t *testing.T) {
	c := catalogue{tag: "xx", messages: map[string]string{"greet": "Hello {name}"}}
	if _, err := c.text("nowhere"); err == nil {
		t.Error("a missing message passed")
	}
	if _, err := c.text("greet", "nom", "Ada"); err == nil {
		t.Error("a missing value passed")
	}
	if got, err := c.text("greet", "name", "{name}\r\nBcc: x"); err != nil || got != "Hello {name} Bcc: x" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDurationsAreRoundedUpAndSpoken(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "1 second", 0: "1 second", 300 * time.Millisecond: "1 second", 1500 * time.Millisecond: "2 seconds",
		time.Minute: "1 minute", 61 * time.Second: "2 minutes", 15 * time.Minute: "15 minutes", time.Hour: "1 hour", 24 * time.Hour: "24 hours",
	} {
		if got, err := catalogues["en"].duration(d); err != nil || got != want {
			t.Errorf("%v is %q (%v), want %q", d, got, err, want)
		}
	}
}

func TestControlsAndDirectionOverridesDoNotSurvive(t *testing.T) {
	if got := oneLine("a\u202eb\u2066c\u2028d\te\x00f\x1b[2Jg"); got != "abc d e f [2Jg" {
		t.Errorf("%q", got)
	}
}
