-- One statement over and over, each time for another user; the figures as one line of JSON. For sysbench 1.0.

sysbench.cmdline.options = {
  statement = {"What to run; {user} is a number never used before in the run, {course} one of the courses", ""},
  first     = {"The first user", 1},
  users     = {"The last one", 1},
  courses   = {"How many courses take turns", 1},
  course    = {"The first of them", 1},
  answer    = {"The user variable that holds the outcome; empty: do not ask", ""},
}

local turn = 0
local words = {}

function thread_init()
  connection = sysbench.sql.driver():connect()
end

function event()
  local user = sysbench.opt.first + sysbench.tid + turn * sysbench.opt.threads
  assert(user <= sysbench.opt.users, "too few users for so fast a server")
  turn = turn + 1
  local course = sysbench.opt.course + user % sysbench.opt.courses
  connection:query((sysbench.opt.statement:gsub("{user}", user):gsub("{course}", course)))
  if sysbench.opt.answer ~= "" then
    local word = connection:query_row("SELECT " .. sysbench.opt.answer)
    words[word] = (words[word] or 0) + 1
  end
end

function thread_done()
  for word, count in pairs(words) do
    io.write(string.format('{"word": "%s", "count": %d}\n', word, count))  -- one write, for others write too
  end
end

function sysbench.hooks.report_cumulative(figures)
  print(string.format('{"calls": %d, "errors": %d, "seconds": %.6f, "p99_ms": %.3f}',
    figures.events, figures.errors, figures.time_interval, figures.latency_pct * 1000))
end
