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
	Cover                      int // which of the six covers in the stylesheet
}

// happening is one entry of the event platform's made-up calendar.
type happening struct {
	Title, Place        string
	Weekday, Day, Month string
	Start               string
	Registered, Seats   int
	SoldOut, NearlyFull bool
}

// The sets below differ so much that a person sees at a glance which account they are in.
// One line reads title|kind|length|state.
var libraries = [][]string{
	{
		"Spring collection film|Video|02:14|Published", "Studio tour with Mara|Video|08:41|Published",
		"Product teaser, vertical cut|Video|00:32|In review", "Founders on stage|Live|46:10|Published",
		"Behind the lens, part 3|Video|11:05|Draft", "Brand sound, long version|Audio|03:20|Published",
	},
	{
		"Safety training, line 4|Video|18:22|Published", "Quarterly town hall|Live|58:47|Published",
		"Turbine assembly, step by step|Video|24:09|In review", "Welcome to the plant|Video|05:36|Published",
		"Podcast: the night shift|Audio|31:12|Published", "Forklift refresher|Video|09:50|Draft",
	},
	{
		"Lecture 1: what light is|Video|44:00|Published", "Lab notes, week 6|Video|12:31|Published",
		"Open day stream|Live|01:32:08|Published", "Choir rehearsal|Audio|27:45|Draft",
		"Field trip to the dunes|Video|15:18|Published", "How to cite a film|Video|06:02|In review",
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
		drawn.Media = mediaOf(libraries[c.setOf(who, len(libraries))], c.cfg.Now())
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

func mediaOf(lines []string, now time.Time) []mediaItem {
	var items []mediaItem
	for i, line := range lines {
		field := strings.Split(line, "|")
		items = append(items, mediaItem{
			Title: field[0], Kind: field[1], Length: field[2], State: field[3],
			Updated: now.AddDate(0, 0, -(2 + 5*i)).Format("2 Jan 2006"), Cover: i + 1,
		})
	}
	return items
}

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
