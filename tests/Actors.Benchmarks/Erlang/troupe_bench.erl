%% The Erlang contender of `./troupe bench actors`: the rows of Row.cs with processes, under the same protocol. A line on standard input names a
%% row; the answer is "ok VALUE" (nanoseconds a message, or bytes) or "unsupported". Mailboxes have no bound in Erlang.
-module(troupe_bench).
-export([main/1]).

-define(MESSAGES, 300000).
-define(ACTORS, 20000).
-define(IDLE, 100000).

main([Part]) ->
    io:put_chars("ready\n"),
    serve(list_to_float(atom_to_list(Part))),
    halt(0).

serve(Part) ->
    case io:get_line("") of
        eof -> ok;
        Line ->
            Answer = try row(string:trim(Line), Part) of
                unsupported -> "unsupported";
                Value -> io_lib:format("ok ~f", [float(Value)])
            catch Class:Reason -> io_lib:format("error ~w: ~0p", [Class, Reason])
            end,
            io:put_chars([Answer, "\n"]),
            serve(Part)
    end.

row("ping-pong-1", Part) -> timed(fun() -> ring(2, 1) end, ?MESSAGES, Part);
row("ping-pong-100", Part) -> timed(fun() -> ring(2, 100) end, ?MESSAGES, Part);
row("ring-1", Part) -> timed(fun() -> ring(1000, 1) end, ?MESSAGES, Part);
row("ring-100", Part) -> timed(fun() -> ring(1000, 100) end, ?MESSAGES, Part);
row("fan-out-100", Part) -> timed(fun() -> fan_out(100) end, ?MESSAGES, Part);
row("fan-in-100", Part) -> timed(fun() -> fan_in(100) end, ?MESSAGES, Part);
row("contended-" ++ Senders, Part) -> timed(fun() -> fan_in(list_to_integer(Senders)) end, ?MESSAGES, Part);
row("create", Part) -> timed(fun() -> create(false) end, ?ACTORS, Part);
row("create-and-tell", Part) -> timed(fun() -> create(true) end, ?ACTORS, Part);
row("request-reply", Part) -> timed(fun() -> request() end, ?MESSAGES div 3, Part);
row("idle-bytes", Part) -> idle(max(1000, round(?IDLE * Part)));
row(_, _) -> unsupported.

%% A scenario is {Run, End}: Run(Size) returns how many messages passed. The same processes first do a twentieth of the work.
timed(Create, Size, Part) ->
    Scaled = max(1, round(Size * Part)),
    {Run, End} = Create(),
    Run(max(1, Scaled div 20)),
    garbage_collect(),
    Start = erlang:monotonic_time(nanosecond),
    Passed = Run(Scaled),
    Elapsed = erlang:monotonic_time(nanosecond) - Start,
    End(),
    Elapsed / Passed.

await(0) -> ok;
await(Signals) -> receive done -> await(Signals - 1) end.

stop(Processes) -> [exit(Process, kill) || Process <- Processes], ok.

ring(Nodes, Tokens) ->
    Main = self(),
    First = spawn(fun() -> receive {next, Next} -> node_loop(Next, Main) end end),
    {Second, All} = lists:foldl(fun(_, {Next, Made}) -> Node = spawn(fun() -> node_loop(Next, Main) end), {Node, [Node | Made]} end,
        {First, [First]}, lists:seq(2, Nodes)),
    First ! {next, Second},
    Ring = list_to_tuple([First | lists:droplast(All)]),
    {fun(Size) ->
        Each = max(1, Size div Tokens),
        [element((Token * Nodes div Tokens) rem Nodes + 1, Ring) ! {token, Each} || Token <- lists:seq(0, Tokens - 1)],
        await(Tokens),
        Each * Tokens
     end, fun() -> stop(All) end}.

node_loop(Next, Main) ->
    receive
        {token, Left} when Left > 1 -> Next ! {token, Left - 1};
        {token, _} -> Main ! done
    end,
    node_loop(Next, Main).

fan_out(Receivers) ->
    Main = self(),
    Sinks = [spawn(fun() -> sink_loop(Main) end) || _ <- lists:seq(1, Receivers)],
    Spreader = spawn(fun() -> spreader_loop(Sinks) end),
    {fun(Size) ->
        Rounds = max(1, Size div Receivers),
        [Sink ! {expect, Rounds} || Sink <- Sinks],
        Spreader ! {spread, Rounds},
        await(Receivers),
        Rounds * Receivers
     end, fun() -> stop([Spreader | Sinks]) end}.

fan_in(Senders) ->
    Main = self(),
    Sink = spawn(fun() -> sink_loop(Main) end),
    Spreaders = [spawn(fun() -> spreader_loop([Sink]) end) || _ <- lists:seq(1, Senders)],
    {fun(Size) ->
        Each = max(1, Size div Senders),
        Sink ! {expect, Each * Senders},
        [Spreader ! {spread, Each} || Spreader <- Spreaders],
        await(1),
        Each * Senders
     end, fun() -> stop([Sink | Spreaders]) end}.

sink_loop(Main) ->
    receive {expect, Messages} -> count(Messages, Main) end,
    sink_loop(Main).

count(0, Main) -> Main ! done;
count(Left, Main) -> receive token -> count(Left - 1, Main) end.

spreader_loop(Targets) ->
    receive {spread, Rounds} -> spread(Rounds, Targets) end,
    spreader_loop(Targets).

spread(0, _) -> ok;
spread(Rounds, Targets) ->
    [Target ! token || Target <- Targets],
    spread(Rounds - 1, Targets).

%% Who is made counts down; the last one says so.
create(Tells) ->
    Main = self(),
    Left = atomics:new(1, [{signed, true}]),
    Parent = spawn(fun() -> parent_loop(Left, Main, Tells, []) end),
    {fun(Size) ->
        atomics:put(Left, 1, Size),
        Parent ! {create, Size},
        await(1),
        Size
     end, fun() -> Parent ! stop, receive stopped -> ok end end}.

parent_loop(Left, Main, Tells, Made) ->
    receive
        {create, Size} -> parent_loop(Left, Main, Tells, make(Size, Left, Main, Tells, Made));
        stop -> stop(Made), Main ! stopped
    end.

make(0, _, _, _, Made) -> Made;
make(Size, Left, Main, false, Made) ->
    Child = spawn(fun() -> arrive(Left, Main), receive stop -> ok end end),
    make(Size - 1, Left, Main, false, [Child | Made]);
make(Size, Left, Main, true, Made) ->
    Child = spawn(fun() -> receive token -> arrive(Left, Main) end, receive stop -> ok end end),
    Child ! token,
    make(Size - 1, Left, Main, true, [Child | Made]).

arrive(Left, Main) ->
    case atomics:sub_get(Left, 1, 1) of
        0 -> Main ! done;
        _ -> ok
    end.

request() ->
    Main = self(),
    Answering = spawn(fun() -> answer_loop() end),
    Asking = spawn(fun() -> ask_loop(Answering, Main) end),
    {fun(Size) ->
        Asking ! {ask, Size},
        await(1),
        Size
     end, fun() -> stop([Answering, Asking]) end}.

answer_loop() ->
    receive {Asker, Reference, Number} -> Asker ! {Reference, Number + 1} end,
    answer_loop().

ask_loop(Answering, Main) ->
    receive {ask, Size} -> ask(0, Size, Answering) end,
    Main ! done,
    ask_loop(Answering, Main).

%% As gen_server:call does it: a monitor's reference names the answer.
ask(Number, Size, _) when Number >= Size -> ok;
ask(Number, Size, Answering) ->
    Reference = monitor(process, Answering),
    Answering ! {self(), Reference, Number},
    receive {Reference, Next} -> demonitor(Reference, [flush]), ask(Next, Size, Answering) end.

idle(Parties) ->
    Before = erlang:memory(processes),
    All = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, Parties)],
    After = erlang:memory(processes),
    stop(All),
    (After - Before) / Parties.
