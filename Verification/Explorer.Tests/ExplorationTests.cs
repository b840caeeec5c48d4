using System.Runtime.InteropServices;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>What the explorer does besides memory: blocking, choices, failures, replay, limits.</summary>
public sealed class ExplorationTests(ITestOutputHelper output)
{
    private static readonly ExplorerOptions Sequential = new() { Model = MemoryModel.SequentialConsistency };

    [Fact]
    public void Going_to_sleep_after_a_release_store_loses_a_wake_up_under_total_store_order_only()
    {
        Exploration.Run(s => Sleep(s, fence: false), Sequential).MustHold();
        var failure = Exploration.Run(s => Sleep(s, fence: false)).MustFail(FailureKind.Deadlock);
        output.WriteLine(failure.ToString());
        Assert.Contains("sleeper waits for woken", failure.Message, StringComparison.Ordinal);
        Assert.Contains(failure.Steps, step => step.What == "becomes visible");
        Assert.Equal(("waker", "sleeper"), (failure.Deciding!.First.Thread, failure.Deciding.Second.Thread));
        Assert.Equal(failure.Deciding.First.Location, failure.Deciding.Second.Location);
        Assert.Contains("decides (second)", failure.ToMermaid(), StringComparison.Ordinal);
        Exploration.Run(s => Sleep(s, fence: true)).MustHold();
    }

    [Fact]
    public void A_failing_schedule_replays()
    {
        var failure = Exploration.Run(s => Sleep(s, fence: false)).MustFail(FailureKind.Deadlock);
        var again = Exploration.Run(s => Sleep(s, fence: false), new ExplorerOptions { Replay = failure.Replay });
        Assert.Equal(failure.ToString(), again.MustFail(FailureKind.Deadlock).ToString());
        Assert.Equal(1, again.Schedules);
    }

    [Fact]
    public void A_replay_string_of_another_scenario_is_refused()
    {
        var result = Exploration.Run(s => Sleep(s, fence: true), new ExplorerOptions { Replay = "tso:hhh" });
        Assert.Contains("does not fit", result.Failure!.Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Exploration.Run(s => Sleep(s, fence: true), new ExplorerOptions { Replay = "nonsense" }));
    }

    [Fact]
    public void Every_alternative_of_a_choice_is_explored()
    {
        var result = Exploration.Run(scenario =>
        {
            var (first, second) = (0, 0);
            scenario.Thread("chooser", () => first = Explored.Choose(3));
            scenario.Thread("other", () => second = Explored.Choose(2));
            scenario.Outcome(() => $"{first}{second}");
        }).MustHold();
        Assert.Equal(["00", "01", "10", "11", "20", "21"], result.Outcomes.Keys);
    }

    [Fact]
    public void A_spin_loop_pauses_until_what_it_saw_changes()
    {
        var result = Exploration.Run(scenario =>
        {
            var flag = new int[1];
            scenario.Thread("spinner", () =>
            {
                while (ExplorerMemory.LoadAcquire(ref flag[0]) == 0) Explored.Pause();
            });
            scenario.Thread("setter", () => ExplorerMemory.StoreRelease(ref flag[0], 1));
        }).MustHold();
        Assert.InRange(result.Schedules, 2, 3);
    }

    [Fact]
    public void A_loop_without_end_is_a_livelock()
    {
        var result = Exploration.Run(
            scenario =>
            {
                var flag = new int[1];
                scenario.Thread("spinner", () =>
                {
                    while (ExplorerMemory.LoadAcquire(ref flag[0]) == 0)
                    {
                    }
                });
            },
            new ExplorerOptions { MaximumSteps = 100 });
        result.MustFail(FailureKind.Livelock);
    }

    [Fact]
    public void An_interrupt_overtakes_buffered_stores()
    {
        var result = Exploration.Run(scenario =>
        {
            var (data, interrupt, seen) = (new int[1], new int[1], -1);
            scenario.Thread("sender", () =>
            {
                ExplorerMemory.StoreRelease(ref data[0], 1);
                Explored.Signal(ref interrupt[0], 1);
            });
            scenario.Thread("receiver", () =>
            {
                Explored.WaitUntil(() => ExplorerMemory.LoadAcquire(ref interrupt[0]) != 0);
                seen = ExplorerMemory.LoadAcquire(ref data[0]);
            });
            scenario.Outcome(() => $"{seen}");
        }).MustHold();
        Assert.Equal(["0", "1"], result.Outcomes.Keys);
    }

    [Fact]
    public unsafe void State_may_live_in_native_memory()
    {
        var word = (int*)NativeMemory.AllocZeroed(sizeof(int));
        try
        {
            Exploration.Run(scenario =>
            {
                *word = 0;
                for (var i = 0; i < 3; i++) scenario.Thread($"adder {i}", () => ExplorerMemory.Add(ref *word, 1));
                scenario.Finally(() => Assert.Equal(3, *word));
            }).MustHold();
        }
        finally
        {
            NativeMemory.Free(word);
        }
    }

    [Fact]
    public void References_go_through_store_buffers_too()
    {
        var result = Exploration.Run(scenario =>
        {
            var (box, other) = (new string?[1], new string?[1]);
            string? first = null, second = null;
            scenario.Thread("a", () =>
            {
                ExplorerMemory.StoreRelease(ref box[0], "box");
                first = ExplorerMemory.LoadAcquire(ref other[0]);
            });
            scenario.Thread("b", () =>
            {
                ExplorerMemory.StoreRelease(ref other[0], "other");
                second = ExplorerMemory.LoadAcquire(ref box[0]);
            });
            scenario.Outcome(() => $"{first ?? "-"} {second ?? "-"}");
        }).MustHold();
        Assert.Equal(["- -", "- box", "other -", "other box"], result.Outcomes.Keys);
    }

    [Fact]
    public void A_thread_reads_its_own_waiting_stores_by_plain_loads_too()
    {
        var result = Exploration.Run(scenario =>
        {
            var (word, flag, own, others) = (new int[1], new int[1], 0, 0);
            scenario.Thread("owner", () =>
            {
                ExplorerMemory.StoreRelease(ref word[0], 1);
                ExplorerMemory.LoadAcquire(ref flag[0]);
                own = word[0];
            });
            scenario.Thread("other", () =>
            {
                ExplorerMemory.LoadAcquire(ref word[0]);
                others = word[0];
            });
            scenario.Outcome(() => $"{own}{others}");
        }).MustHold();
        Assert.Equal(["10", "11"], result.Outcomes.Keys);
    }

    [Fact]
    public void A_plain_store_over_a_waiting_store_is_not_lost()
    {
        Exploration.Run(scenario =>
        {
            var (word, flag) = (new int[1], new int[1]);
            scenario.Thread("owner", () =>
            {
                ExplorerMemory.StoreRelease(ref word[0], 1);
                word[0] = 2;
                ExplorerMemory.LoadAcquire(ref flag[0]);
                Assert.Equal(2, word[0]);
            });
            scenario.Thread("other", () => ExplorerMemory.LoadAcquire(ref word[0]));
            scenario.Finally(() => Assert.Equal(2, word[0]));
        }).MustHold();
    }

    [Fact]
    public void A_search_that_is_cut_off_does_not_count_as_proof()
    {
        var result = Exploration.Run(s => Sleep(s, fence: true), new ExplorerOptions { MaximumSchedules = 2 });
        Assert.Equal(StopReason.ScheduleLimit, result.Stop);
        Assert.Throws<ExplorationException>(() => result.MustHold());
    }

    /// <summary>The protocol of every sleeper here: say that one sleeps, look again, sleep; wakers set work, then look for sleepers.</summary>
    private static void Sleep(Scenario scenario, bool fence)
    {
        var state = new SleepState();
        scenario.Name(ref state.Sleeping, "sleeping");
        scenario.Name(ref state.Work, "work");
        scenario.Name(ref state.Woken, "woken");
        scenario.Thread("sleeper", () =>
        {
            if (fence) ExplorerMemory.Exchange(ref state.Sleeping, 1);
            else ExplorerMemory.StoreRelease(ref state.Sleeping, 1);
            if (ExplorerMemory.LoadAcquire(ref state.Work) == 0)
                Explored.WaitUntil(() => ExplorerMemory.LoadAcquire(ref state.Woken) != 0);
        });
        scenario.Thread("waker", () =>
        {
            ExplorerMemory.Exchange(ref state.Work, 1);
            if (ExplorerMemory.LoadAcquire(ref state.Sleeping) != 0) ExplorerMemory.StoreRelease(ref state.Woken, 1);
        });
    }

    private sealed class SleepState
    {
        public int Sleeping, Work, Woken;
    }
}
