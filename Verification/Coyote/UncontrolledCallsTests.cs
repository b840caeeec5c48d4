namespace Troupe.Verification.Coyote;

/// <summary>The gate: no assembly under test calls what Coyote does not control, except where a reason is written down.</summary>
public sealed class UncontrolledCallsTests
{
    /// <summary>Caller (or the beginning of it), beginning of the callee, and why it is not a hole.</summary>
    private static readonly (string Caller, string Callee, string Reason)[] Allowed =
    [
        ("Troupe.Core.Memory.ProcessorMemory.FullFence", "System.Threading.Interlocked.MemoryBarrier", "Coyote explores sequentially consistent runs, in which a fence does nothing; the explorer models it"),
        ("Troupe.Core.Capabilities.DmaBlock.FullFence", "System.Threading.Interlocked.MemoryBarrier", "the same: a fence does nothing in sequentially consistent runs"),
        ("Troupe.Net.Contracts.TcpConnectionSettings.", "System.Threading.Volatile.", "settings that stand alone: no protocol under test turns on when one is seen"),
        ("Troupe.Net.Contracts.TurnPipeScheduler/ApplicationContext.Post", "System.Threading.ThreadPool.UnsafeQueueUserWorkItem", "what an application awaits, on the pool of the machine; no protocol under test has an application"),
        ("Troupe.Net.Contracts.TurnPipeSchedulers.Begin", "System.Threading.ThreadPool.UnsafeQueueUserWorkItem", "the same: how connections that begin leave it"),
        ("Troupe.Net.Sockets.TcpSocket.", "System.Threading.Volatile.", "whether a socket listens; asked under its gate where more than an answer hangs on it"),
        ("Troupe.Core.Machine.KernelPhysicalMemory.", "System.Threading.Volatile.", "device registers and firmware tables; no protocol under test reads them"),
        ("Troupe.Core.Machine.EntropySource`", "System.Threading.Volatile.Write", "wipes secrets; no protocol under test runs it"),
        ("Troupe.Core.Machine.RandomGenerator", "System.Threading.Volatile.Write", "wipes secrets; no protocol under test runs it"),
    ];

    [Theory]
    [InlineData("Troupe.Actors.dll")]
    [InlineData("Troupe.Core.Memory.dll")]
    [InlineData("Troupe.Core.Machine.dll")]
    [InlineData("Troupe.Core.Capabilities.dll")]
    [InlineData("Troupe.Drivers.Contracts.dll")]
    [InlineData("Troupe.Drivers.Virtio.dll")]
    [InlineData("Troupe.Drivers.VirtioNet.dll")]
    [InlineData("Troupe.Net.Contracts.dll")]
    [InlineData("Troupe.Net.Sockets.dll")]
    [InlineData("Troupe.Net.Tcp.dll")]
    public void An_assembly_under_test_calls_nothing_that_Coyote_does_not_control(string assembly)
    {
        var calls = UncontrolledCalls.In(Original(assembly))
            .Where(call => !Allowed.Any(a => call.Caller.StartsWith(a.Caller, StringComparison.Ordinal) && call.Callee.StartsWith(a.Callee, StringComparison.Ordinal)));
        Assert.Empty(calls);
    }

    [Fact]
    public void The_gate_sees_planted_calls()
    {
        var callees = UncontrolledCalls.In(Original("Troupe.Verification.Coyote.dll"))
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

    /// <summary>As the compiler wrote it: rewriting replaces calls, those it does not get right among them.</summary>
    private static string Original(string assembly) => Path.Combine(AppContext.BaseDirectory, "originals", assembly);

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
