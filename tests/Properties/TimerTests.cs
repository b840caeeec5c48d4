// Timers of actors in virtual time, on the wheel and each with a timer of the clock, against a list of all timers in the order of their times.
using Troupe.Actors;
using Troupe.Actors.TestKit;

namespace Troupe.Properties.Tests;

public sealed class TimerTests
{
    // The wheel's slots are a millisecond; what is 32 of them away may be put into the next slot but seven.
    private const int Coarse = 8;

    private static readonly Gen<int> _delays = Gen.OneOf(Gen.Int[0, 40], Gen.Int[0, 5_000], Gen.Int[4_000, 20_000]);

    // Each step: after so long, this timer is set to a delay, or cancelled when that is negative.
    private static readonly Gen<(int After, int Timer, int Delay)[]> _steps =
        Gen.Select(Gen.Int[0, 60], Gen.Int[0, 5], Gen.Frequency((5, _delays), (1, Gen.Const(-1)))).Array[1, 30];

    [Theory]
    [InlineData(true, Coarse + 1)]
    [InlineData(false, 1)]
    public void TimersGoOffOnceNeverEarlyAndSoonAfterTheirTime(bool isOnWheel, int latest) => _steps.Sample(
        steps => TestSystem.Run(
            async test =>
            {
                Clocks clocks = new();
                ActorRef<(int Timer, int Delay)> actor = test.System.Spawn(clocks);
                TimeSpan begin = test.Time.Elapsed;
                double Now() => (test.Time.Elapsed - begin).TotalMilliseconds;
                clocks.Now = Now;
                Dictionary<int, double> due = [];
                // The same, and of those that are due by the list too: the wheel may have them for a while yet.
                Dictionary<int, double> latestDue = [];
                List<(double Due, int Timer)> expected = [];
                void Settle(double now)
                {
                    foreach ((int timer, double at) in due.Where(pair => pair.Value <= now).ToList())
                    {
                        expected.Add((at, timer));
                        due.Remove(timer);
                    }
                }

                foreach ((int after, int timer, int delay) in steps)
                {
                    // Past what a slot may add, so that list and wheel agree on what has gone off.
                    await test.AdvanceAsync(TimeSpan.FromMilliseconds(after + 2));
                    if (latestDue.TryGetValue(timer, out double at) && at <= Now() && at + Coarse + 1 > Now())
                        await test.AdvanceAsync(TimeSpan.FromMilliseconds(2 * Coarse));
                    Settle(Now());
                    actor.Tell((timer, delay));
                    if (delay < 0)
                    {
                        due.Remove(timer);
                        latestDue.Remove(timer);
                    }
                    else
                    {
                        due[timer] = latestDue[timer] = Now() + delay;
                    }

                    await test.WhenIdle();
                }

                await test.AdvanceAsync(TimeSpan.FromSeconds(30));
                Settle(double.MaxValue);
                Assert.Equal(expected.Count, clocks.WentOff.Count);
                foreach (int timer in Enumerable.Range(0, 6))
                {
                    (double Due, int Timer)[] mine = [.. expected.Where(entry => entry.Timer == timer)];
                    double[] actual = [.. clocks.WentOff.Where(entry => entry.Timer == timer).Select(static entry => entry.At)];
                    Assert.Equal(mine.Length, actual.Length);
                    for (int index = 0; index < mine.Length; index++)
                        Assert.InRange(actual[index], mine[index].Due, mine[index].Due + latest);
                }
            },
            new TestOptions { Configure = options => options with { HasTimerWheel = isOnWheel } }),
        iter: 50);

    private sealed class Clocks : Actor<(int Timer, int Delay)>
    {
        private readonly Dictionary<int, TimerHandle> _timers = [];

        public Func<double> Now { get; set; } = static () => 0;

        public List<(double At, int Timer)> WentOff { get; } = [];

        protected override ValueTask ReceiveAsync((int Timer, int Delay) message)
        {
            if (message.Delay == -2)
            {
                WentOff.Add((Now(), message.Timer));
                return default;
            }

            if (!_timers.TryGetValue(message.Timer, out TimerHandle timer))
                _timers[message.Timer] = timer = Context.CreateTimer((message.Timer, -2));
            if (message.Delay < 0)
                timer.Cancel();
            else
                timer.Restart(TimeSpan.FromMilliseconds(message.Delay));
            return default;
        }
    }
}
