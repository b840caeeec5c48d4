namespace Troupe.Verification.Coyote;

/// <summary>The gate: no assembly under test calls what Coyote does not control, except where a reason is written down.</summary>
public sealed class UncontrolledCallsTests
{
    /// <summary>Caller, callee, and why it is not a hole.</summary>
    private static readonly (string Caller, string Callee, string Reason)[] Allowed =
    [
        ("Troupe.Core.Memory.ProcessorMemory.FullFence", "System.Threading.Interlocked.MemoryBarrier", "Coyote explores sequentially consistent runs, in which a fence does nothing; the explorer models it"),
    ];

    [Theory]
    [InlineData("Troupe.Actors.dll")]
    [InlineData("Troupe.Core.Memory.dll")]
    [InlineData("Troupe.Core.Machine.dll")]
    public void An_assembly_under_test_calls_nothing_that_Coyote_does_not_control(string assembly)
    {
        var calls = UncontrolledCalls.In(Path.Combine(AppContext.BaseDirectory, assembly))
            .Where(call => !Allowed.Any(a => a.Caller == call.Caller && a.Callee == call.Callee));
        Assert.Empty(calls);
    }

    [Fact]
    public void The_gate_sees_planted_calls()
    {
        var callees = UncontrolledCalls.In(typeof(Planted).Assembly.Location)
            .Where(call => call.Caller.StartsWith($"{typeof(UncontrolledCallsTests).FullName}/{nameof(Planted)}.", StringComparison.Ordinal))
            .Select(call => call.Callee)
            .Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "System.Threading.Interlocked.Exchange(Byte&)",
                "System.Threading.Interlocked.Exchange<value>",
                "System.Threading.ManualResetEventSlim..ctor",
                "System.Threading.Tasks.Task.WaitAll(span)",
                "System.Threading.Thread.set_Name",
            ],
            callees);
    }

    /// <summary>Never called: it is there to be found.</summary>
    private static class Planted
    {
        public static void Name(Thread thread) => thread.Name = "hangs";

        public static object Event() => new ManualResetEventSlim();

        public static byte Byte(ref byte location) => Interlocked.Exchange(ref location, 1);

        public static DayOfWeek Enumeration(ref DayOfWeek location) => Interlocked.Exchange(ref location, DayOfWeek.Friday);

        public static void Span(ReadOnlySpan<Task> tasks) => Task.WaitAll(tasks);
    }
}
