package identity

import (
	"slices"
	"unicode"
)

// commonBelow is how many different pieces a password must have to count as
// somebody's own idea.
const commonBelow = 4

// isCommon says whether a password is one of those that people, and therefore
// attackers, come up with first.
//
// There is no ranked list of leaked passwords in here (docs/decisions/0026 says
// why). blocklist.txt holds hand-written building blocks, blocklist_long.txt what
// is a password of twelve characters all by itself, and the rules below combine
// them. That covers many thousands of passwords, but it does not know a password
// merely because it was leaked.
//
// The folded password is cut into as few pieces as possible:
//
//	a word of the list, in leetspeak too (p4$$w0rd)   1
//	a keyboard walk or sequence (qwertz, 4321, efgh)  1
//	a character three times or more (aaa, !!!)        1
//	a year (1950 to 2039)                             1
//	other digits, for every two of them               1
//	a single space or mark between pieces, or last    0
//	any other letter or mark                          1
//	any other symbol, such as an emoji                4
//
// The same is tried with the letters that the keys have on a Russian keyboard.
// Equal pieces count once, and something repeated as a whole is no better than
// one of it, nor is 111222333 better than 123. Fewer than four pieces are too
// few: "Password-2024!" has two, "Summer+Winter+2024" three.
func isCommon(password string) bool {
	folded := foldForComparison(password)
	return isEasy([]rune(folded)) || isEasy([]rune(onRussianKeys.Replace(folded))) || isOneWord([]rune(foldedLetters(password)))
}

func isEasy(text []rune) bool {
	unit := repeatedUnit(text)
	if len(unit) < len(text) && len(unit) < 8 {
		return true
	}
	if countPieces(unit) < commonBelow {
		return true
	}
	short := withoutRuns(unit)
	return len(short) < len(unit) && countPieces(short) < commonBelow
}

// isOneWord finds well-known phrases whatever is written between their words.
func isOneWord(text []rune) bool {
	return slices.Contains(blocklist().lengths(text), len(text))
}

// withoutRuns writes a character that stands three times or more only once.
func withoutRuns(text []rune) (kept []rune) {
	for i := 0; i < len(text); {
		n := sameLength(text[i:])
		if n < 3 {
			kept = append(kept, text[i:i+n]...)
		} else {
			kept = append(kept, text[i])
		}
		i += n
	}
	return kept
}

// repeatedUnit is the shortest part that, written several times, is the text.
// The last time may be cut short: hunter2hunter2hun.
func repeatedUnit(text []rune) []rune {
	for size := 1; size <= len(text)/2; size++ {
		repeats := true
		for i := size; i < len(text) && repeats; i++ {
			repeats = text[i] == text[i-size]
		}
		if repeats {
			return text[:size]
		}
	}
	return text
}

// A piece is a part of a password that an attacker would try as one thing.
type piece struct {
	length, cost int
}

// countPieces finds the cheapest way to cut the text, from the end to the
// start, and adds up its different pieces.
func countPieces(text []rune) int {
	best := make([]piece, len(text)+1)
	total := make([]int, len(text)+1)
	for i := len(text) - 1; i >= 0; i-- {
		for n, p := range piecesAt(text, i) {
			if cost := p.cost + total[i+p.length]; n == 0 || cost < total[i] {
				best[i], total[i] = p, cost
			}
		}
	}
	seen, sum := map[string]bool{}, 0
	for i := 0; i < len(text); i += best[i].length {
		if content := string(text[i : i+best[i].length]); !seen[content] {
			seen[content] = true
			sum += best[i].cost
		}
	}
	return sum
}

// piecesAt lists what could start at position i; never nothing.
func piecesAt(text []rune, i int) []piece {
	rest := text[i:]
	pieces := []piece{{1, characterCost(text, i)}}
	for _, n := range blocklist().lengths(rest) {
		pieces = append(pieces, piece{n, 1})
	}
	// Every length of a walk, because its longest may have eaten the first
	// letter of a word: 123456thomas.
	for n := walkLength(rest); n >= 3; n-- {
		pieces = append(pieces, piece{n, 1})
	}
	for n := sameLength(rest); n >= 3; n-- {
		pieces = append(pieces, piece{n, 1})
	}
	if isYear(rest) {
		pieces = append(pieces, piece{4, 1})
	}
	if len(rest) >= 2 && isDigit(rest[0]) && isDigit(rest[1]) {
		pieces = append(pieces, piece{2, 1})
	}
	return pieces
}

func characterCost(text []rune, i int) int {
	r := text[i]
	switch {
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return 1
	case r > unicode.MaxASCII && !unicode.IsSpace(r) && !unicode.IsPunct(r):
		return 4
	case isMark(text, i-1) || isMark(text, i+1):
		return 1
	}
	return 0
}

func isMark(text []rune, i int) bool {
	return i >= 0 && i < len(text) && !unicode.IsLetter(text[i]) && !unicode.IsDigit(text[i])
}

func sameLength(text []rune) int {
	n := 1
	for n < len(text) && text[n] == text[0] {
		n++
	}
	return n
}

func isYear(text []rune) bool {
	if len(text) < 4 {
		return false
	}
	year := string(text[:4])
	return "1950" <= year && year <= "2039" && isDigit(text[1]) && isDigit(text[2]) && isDigit(text[3])
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
