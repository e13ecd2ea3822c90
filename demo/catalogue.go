package demo

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mediaItem is one entry of the CMS's made-up media library.
type mediaItem struct {
	Title, Kind, Length, State string
	Updated                    string
	Cover                      string // path of its picture
}

// happening is one entry of the event platform's made-up calendar.
type happening struct {
	Title, Place        string
	Weekday, Day, Month string
	Start               string
	Registered, Seats   int
	SoldOut, NearlyFull bool
}

// covers are the pictures of the media library, in order of appearance.
var covers = []string{
	assetPath("cover-1.svg"), assetPath("cover-2.svg"), assetPath("cover-3.svg"),
	assetPath("cover-4.svg"), assetPath("cover-5.svg"), assetPath("cover-6.svg"),
}

// The sets below differ so much that a person sees at a glance which account they are in.
// One line reads title|kind|length|state|cover.
var libraries = [][]string{
	{
		"Spring collection film|Video|02:14|Published|1", "Studio tour with Mara|Video|08:41|Published|2",
		"Product teaser, vertical cut|Video|00:32|In review|3", "Founders on stage|Live|46:10|Published|4",
		"Behind the lens, part 3|Video|11:05|Draft|5", "Brand sound, long version|Audio|03:20|Published|6",
	},
	{
		"Quarterly town hall|Live|58:47|Published|4", "New coating, explained|Video|24:09|In review|3",
		"Podcast: the night shift|Audio|31:12|Published|6", "Wind park at dusk|Video|18:22|Published|1",
		"Reading a sensor|Video|09:50|Draft|5", "Welcome to the office|Video|05:36|Published|2",
	},
	{
		"Lecture 1: what light is|Video|44:00|Published|5", "Choir rehearsal|Audio|27:45|Draft|6",
		"Office hours, week 6|Video|12:31|Published|2", "Chemistry at home|Video|06:02|In review|3",
		"Open day stream|Live|01:32:08|Published|4", "Field trip to the dunes|Video|15:18|Published|1",
	},
}

// One line reads title|place|days from now|start|registered|seats.
var calendars = [][]string{
	{
		"Spring launch night|Harbour Hall, Hamburg|6|19:00|412|450", "Colour grading in one hour|Online|11|16:00|96|250",
		"Partner breakfast|Atrium, Berlin|19|08:30|40|40", "Summer film day|Open-air stage, Leipzig|47|14:00|128|900",
	},
	{
		"Supplier conference|Congress Centre, Basel|9|09:00|310|320", "Works council assembly|Canteen, building 2|14|13:00|188|400",
		"Turbine open house|Gate 7, Linz|28|10:00|75|150", "Safety week kick-off|Online|33|11:00|540|1000",
	},
	{
		"Night of open labs|Campus north|4|18:00|620|650", "Thesis workshop|Library, room 12|10|15:00|24|24",
		"Alumni reunion|Old refectory|25|17:30|143|200", "First semester orientation|Main auditorium|58|09:00|12|800",
	},
}

// furnish fills the page with the account's data. Where a real product would query its
// database by the account id from the token, this one picks a set.
func (c *client) furnish(drawn *homePage, who login) {
	if c.cfg.Look == CMS {
		set := c.setOf(who, len(libraries))
		drawn.Media, drawn.Tint = mediaOf(libraries[set], c.cfg.Now()), set
		return
	}
	drawn.Happenings = happeningsOf(calendars[c.setOf(who, len(calendars))], c.cfg.Now())
}

// setOf gives neighbours in the switcher different sets, and an account that is not in
// it always the same one.
func (c *client) setOf(who login, sets int) int {
	place := slices.IndexFunc(c.cfg.Accounts, func(a Account) bool { return a.Slug == who.accountSlug })
	if place < 0 {
		sum := fnv.New32a()
		sum.Write([]byte(who.accountID))
		place = int(sum.Sum32() % uint32(sets))
	}
	return place % sets
}

// mediaOf dates the items backwards from now, so that the library never looks abandoned.
func mediaOf(lines []string, now time.Time) []mediaItem {
	var items []mediaItem
	for i, line := range lines {
		field := strings.Split(line, "|")
		items = append(items, mediaItem{
			Title: field[0], Kind: field[1], Length: field[2], State: field[3],
			Updated: now.AddDate(0, 0, -(2 + 5*i)).Format("2 Jan 2006"),
			Cover:   covers[number(field[4])-1],
		})
	}
	return items
}

// happeningsOf dates the events forwards from now, so that they are always coming up.
func happeningsOf(lines []string, now time.Time) []happening {
	var coming []happening
	for _, line := range lines {
		field := strings.Split(line, "|")
		day := now.AddDate(0, 0, number(field[2]))
		registered, seats := number(field[4]), number(field[5])
		coming = append(coming, happening{
			Title: field[0], Place: field[1], Start: field[3],
			Weekday: day.Format("Mon"), Day: day.Format("2"), Month: day.Format("Jan"),
			Registered: registered, Seats: seats,
			SoldOut: registered >= seats, NearlyFull: registered < seats && registered*10 >= seats*9,
		})
	}
	return coming
}

// number reads the fixed tables above; a typo there shows as 0 on the page.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
