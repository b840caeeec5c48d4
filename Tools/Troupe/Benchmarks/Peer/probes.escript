#!/usr/bin/env escript
%% -*- erlang -*-
%% What Apps/SelfTest/Probes.cs measures, in Erlang: how long messages to processes on every scheduler (bound to each, and free) wait beside
%% processes that spin. Prints the same lines. Processes are bound by the undocumented spawn option {scheduler, N}.
-mode(compile).

-define(Head, 1000).
-define(FreshInterval, 100).
-define(FreshLife, 1000).

main([Count, Seed | Runs]) ->
    %% What sends must not wait for what spins.
    process_flag(priority, high),
    [measure(Run, list_to_integer(Count), list_to_integer(Seed)) || Run <- Runs].

measure(Run, Count, Seed) ->
    rand:seed(exsss, Seed),
    Schedulers = erlang:system_info(schedulers_online),
    Queues = lists:seq(1, Schedulers) ++ [free],
    Self = self(),
    Targets = list_to_tuple([spawn_on(Queue, fun() -> target(Self) end) || Queue <- Queues]),
    Spinners = start(Run, Schedulers),
    timer:sleep(case Run of "idle" -> 0; _ -> ?Head end),
    Before = [counters:get(Rounds, 1) || {_, Rounds} <- Spinners],
    Began = now_us(),
    send(Targets, Count),
    Seconds = (now_us() - Began) / 1.0e6,
    Had = [counters:get(Rounds, 1) - Old || {{_, Rounds}, Old} <- lists:zip(Spinners, Before)],
    Waits = lists:sort([receive {wait, Microseconds} -> Microseconds / 1000 end || _ <- lists:seq(1, Count)]),
    Ended = stop(),
    [exit(Pid, kill) || {Pid, _} <- Spinners],
    [exit(Pid, kill) || Pid <- tuple_to_list(Targets)],
    Shares = case Run of "fresh" -> [Rounds || {Start, Rounds} <- Ended, Start >= Began]; _ -> Had end,
    {Least, Most} = shares(Shares),
    io:format("probes run=~s processors=~b sent=~b answered=~b p50=~p p99=~p worst=~p least-share=~.3f most-share=~.3f detachments=0 most-detached=0 seconds=~.1f~n",
        [Run, Schedulers, Count, Count, lists:nth(Count div 2 + 1, Waits), lists:nth(Count * 99 div 100 + 1, Waits), lists:last(Waits), Least, Most, Seconds]).

target(Sender) ->
    receive {probe, Sent} -> Sender ! {wait, now_us() - Sent} end,
    target(Sender).

send(_, 0) -> ok;
send(Targets, Count) ->
    timer:sleep(4 + rand:uniform(16)),
    element(rand:uniform(tuple_size(Targets)), Targets) ! {probe, now_us()},
    send(Targets, Count - 1).

start("spinning", Schedulers) -> [spinner(Scheduler, forever) || Scheduler <- lists:seq(1, Schedulers)];
start("fresh", Schedulers) -> fresh(Schedulers, ?FreshLife);
start("piling", Schedulers) -> fresh(Schedulers, forever);
start("idle", _) -> [].

fresh(Schedulers, Life) ->
    register(fresh, spawn_opt(fun() -> fresh(Schedulers, Life, 0) end, [{priority, high}])),
    [].

fresh(Schedulers, Life, Number) ->
    Queue = case Number rem (Schedulers + 1) of Schedulers -> free; Scheduler -> Scheduler + 1 end,
    put({spinner, Number}, spinner(Queue, Life)),
    receive
        {stop, From} -> From ! {spinners, [{Pid, Rounds} || {{spinner, _}, {Pid, Rounds}} <- get()]}
    after ?FreshInterval -> fresh(Schedulers, Life, Number + 1)
    end.

%% When each that has ended by itself began, and its rounds.
stop() ->
    case whereis(fresh) of
        undefined -> [];
        Fresh ->
            Fresh ! {stop, self()},
            receive
                {spinners, Spinners} ->
                    Ended = [{counters:get(Rounds, 2), counters:get(Rounds, 1)} || {_, Rounds} <- Spinners, counters:get(Rounds, 3) =:= 1],
                    [exit(Pid, kill) || {Pid, _} <- Spinners],
                    Ended
            end
    end.

spinner(Queue, Life) ->
    Rounds = counters:new(3, []),
    Pid = spawn_on(Queue, fun() ->
        Start = now_us(),
        counters:put(Rounds, 2, Start),
        spin(Rounds, case Life of forever -> forever; _ -> Start + Life * 1000 end)
    end),
    {Pid, Rounds}.

spin(Rounds, forever) ->
    counters:add(Rounds, 1, 1),
    spin(Rounds, forever);
spin(Rounds, End) ->
    counters:add(Rounds, 1, 1),
    case now_us() < End of
        true -> spin(Rounds, End);
        false -> counters:put(Rounds, 3, 1)
    end.

spawn_on(free, Body) -> spawn(Body);
spawn_on(Scheduler, Body) -> spawn_opt(Body, [{scheduler, Scheduler}]).

shares([]) -> {1.0, 1.0};
shares(Rounds) ->
    Mean = lists:sum(Rounds) / length(Rounds),
    {lists:min(Rounds) / Mean, lists:max(Rounds) / Mean}.

now_us() -> erlang:monotonic_time(microsecond).
