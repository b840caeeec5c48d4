using Microsoft.Coyote;
using Troupe.Actors;
using Troupe.Verification.Protocols;

namespace Troupe.Verification.Coyote;

/// <summary>A schedule that is run again does the same in the same order. (`troupe verify replay --check` does it with all tests here, in another process.)</summary>
public sealed class ReplayedSchedulesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Five_schedules_that_pass_are_the_same_when_run_again(bool isEveryAccess) => Check(isEveryAccess, Cashiers(shared: false, expected: 12), passes: 3);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Five_schedules_that_fail_are_the_same_when_run_again(bool isEveryAccess) => Check(isEveryAccess, Cashiers(shared: true, expected: 12), passes: int.MaxValue);

    [Fact]
    public void A_test_that_depends_on_more_than_its_schedule_is_seen()
    {
        var runs = 0;
        var test = CoyoteActorHost.Run(system =>
        {
            var name = runs++ == 0 ? "first" : "second";
            system.Spawn(new Cashier(new Till(), system.Spawn(new Printer())), name).Tell(5);
            return static () => { };
        });
        var (trace, steps) = ReplayedSchedules.Record(Configure(1, false), test, passes: 1)!.Value;
        Assert.NotEqual(steps, ReplayedSchedules.Replay(Configure(1, false), test, trace));
    }

    [Fact]
    public void What_threads_do_on_their_way_out_of_a_deadlock_is_no_part_of_it()
    {
        var test = () =>
        {
            var (gate, left) = (new object(), new object());
            void Wait()
            {
                try
                {
                    lock (gate) Monitor.Wait(gate);
                }
                finally
                {
                    for (var i = 0; i < 100; i++)
                    {
                        lock (left) Thread.Yield();
                    }
                }
            }

            CoyoteWorld.Run(Wait, Wait, Wait);
        };
        for (var seed = 1u; seed <= 5; seed++)
        {
            var (trace, steps) = ReplayedSchedules.Record(Configure(seed, false), test, passes: int.MaxValue)!.Value;
            Assert.Contains(steps, static step => step.StartsWith("Deadlock detected", StringComparison.Ordinal));
            // Each takes the lock, and does nothing after it that comes to an end.
            Assert.Equal(3, steps.Count(static step => step.StartsWith("processor", StringComparison.Ordinal)));
            Assert.Equal(steps, ReplayedSchedules.Replay(Configure(seed, false), test, trace));
        }
    }

    [Fact]
    public void Types_are_initialised_before_the_first_schedule()
    {
        Interleavings.WarmUp(static () => { }, iterations: 1, isEveryAccess: false);
        Assert.True(Initialised.IsLate, "a static constructor is left to the schedule that uses its type first");
    }

    private static void Check(bool isEveryAccess, Action test, int passes)
    {
        // That the other tests are recorded, or checked, at this moment is none of its business.
        if (ScheduleLog.IsAtWork) return;
        Interleavings.WarmUp(test, iterations: 300, isEveryAccess);
        var different = new HashSet<string>(StringComparer.Ordinal);
        for (var seed = 1u; seed <= 5; seed++)
        {
            var recorded = ReplayedSchedules.Record(Configure(seed, isEveryAccess), test, passes);
            Assert.NotNull(recorded);
            var (trace, steps) = recorded.Value;
            Assert.True(steps.Count > 20, $"{steps.Count} steps are no schedule");
            different.Add(string.Join('\n', steps));
            Assert.Equal(steps, ReplayedSchedules.Replay(Configure(seed, isEveryAccess), test, trace));
        }

        Assert.True(different.Count > 1, "all seeds have the same schedule");
    }

    private static Configuration Configure(uint seed, bool isEveryAccess) => Interleavings.Configure(seed, iterations: 300, isEveryAccess);

    private static Action Cashiers(bool shared, int expected) => CoyoteActorHost.Run(system =>
    {
        var till = new Till();
        var other = shared ? till : new Till();
        var printer = system.Spawn(new Printer(), "printer");
        system.Spawn(new Cashier(till, printer), "first").Tell(5);
        system.Spawn(new Cashier(other, printer), "second").Tell(7);
        return () => Assert.Equal(expected, till.Sum + (shared ? 0 : other.Sum));
    });

    private static class Initialised
    {
        public static bool IsLate { get; set; }
    }

    private static class Late
    {
        static Late() => Initialised.IsLate = true;
    }

    private sealed class Till
    {
        public int Sum { get; set; }
    }

    private sealed class Cashier(Till till, ActorRef<int> printer) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int paid)
        {
            var before = till.Sum;
            printer.Tell(paid);
            till.Sum = before + paid;
            return default;
        }
    }

    private sealed class Printer : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int paid) => default;
    }
}
