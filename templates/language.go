package templates

import (
	"strings"

	"golang.org/x/text/language"
)

// offered lists the languages we speak; the first one answers everybody who speaks none of them.
var offered = []language.Tag{language.English, language.German}

var matcher = language.NewMatcher(offered)

// longestPreference bounds the headers we parse: a real one has a handful of languages.
const longestPreference = 512

// Language chooses the language of a page: what the client asked for (ui_locales, OpenID Connect Core 3.1.2.1, tags
// separated by spaces, best first) before what the browser prefers (Accept-Language, RFC 9110 section 12.5.4).
// Whatever cannot be read is passed over. The answer is always a language we have, as a BCP 47 tag.
func Language(acceptLanguage, uiLocales string) string {
	_, i, _ := matcher.Match(append(localesOf(uiLocales), accepted(acceptLanguage)...)...)
	return offered[i].String()
}

func localesOf(uiLocales string) []language.Tag {
	if len(uiLocales) > longestPreference {
		return nil
	}
	var tags []language.Tag
	for _, s := range strings.Fields(uiLocales) {
		if tag, err := language.Parse(s); err == nil {
			tags = append(tags, tag)
		}
	}
	return tags
}

func accepted(header string) []language.Tag {
	if len(header) > longestPreference {
		return nil
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return nil
	}
	return tags
}

// writtenFromRight holds the scripts (ISO 15924) whose pages run from right to left.
var writtenFromRight = map[string]bool{
	"Adlm": true, "Arab": true, "Hebr": true, "Mand": true, "Nkoo": true, "Rohg": true, "Samr": true, "Syrc": true, "Thaa": true,
}

// direction is the value of the dir attribute for a language.
func direction(tag string) string {
	script, _ := language.Make(tag).Script()
	if writtenFromRight[script.String()] {
		return "rtl"
	}
	return "ltr"
}
