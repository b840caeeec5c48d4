using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>What a guest that ends badly says: the cause, and where in the source it was; and that its exit code tells.</summary>
public sealed class FaultTests
{
    [Theory]
    [InlineData("overflow", "KERNEL PANIC: stack overflow")]
    [InlineData("abort", "KERNEL PANIC: the program aborted")]
    [InlineData("unhandled", "System.InvalidOperationException: on purpose")]
    [InlineData("access", "Access Violation")]
    public async Task ThePanicNamesItsCause(string fault, string cause)
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { CommandLine = $"fault {fault}" });
        await guest.SaysAsync(cause);
        await guest.SaysAsync("KERNEL PANIC");
        await guest.ExitsWithAsync(GuestExit.PanicCode);
    }

    /// <summary>The panic comes from the actor's own thread; what the other processors were doing stands below it.</summary>
    [Theory]
    [InlineData("actor-overflow", 1)]
    [InlineData("actor-overflow", 2)]
    [InlineData("actor-abort", 2)]
    public async Task ThePanicNamesTheActor(string fault, int processors)
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { CommandLine = $"fault {fault}", Processors = processors });
        await guest.SaysAsync("KERNEL PANIC");
        Assert.Matches(@"processor 0, thread \d+ \(.*\), actor saboteur \?, threads \d+", await guest.SaysAsync("actor saboteur"));
        if (processors > 1)
        {
            Assert.Matches(@"processor 1, thread \d+ \(.*\), actor bystander", await guest.SaysAsync("actor bystander"));
        }

        await guest.ExitsWithAsync(GuestExit.PanicCode);
    }

    /// <summary>One that runs a thread and comes by no more, and one that sleeps although a thread waits for it: no interrupt wakes it any more.</summary>
    [Theory]
    [InlineData("hang", @"processor \d, thread \d+ \(.*\), threads \d+, \d+ waiting, makes no progress")]
    [InlineData("deaf", @"processor 1, idle, \d+ waiting, makes no progress")]
    public async Task AProcessorThatIsLostIsReported(string fault, string report)
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { CommandLine = $"fault {fault}", Processors = 2 });
        Assert.Matches(report, await guest.SaysAsync("makes no progress"));
    }

    /// <summary>Failures are reported by a thread of its own (Apps/Hosting/FailureReports.cs), which has had no time for this one.</summary>
    [Fact]
    public async Task APanicBeginsWithTheReportsThatHadNotBeenWritten()
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { CommandLine = "fault report", Processors = 1 });
        await guest.SaysAsync("not said yet");
        await guest.SaysAsync("Policy = Restart, Message = 0, Path = /failing }");
        await guest.SaysAsync("KERNEL PANIC: stack overflow");
        await guest.ExitsWithAsync(GuestExit.PanicCode);
    }

    [Fact]
    public async Task TheTraceOfAPanicIsInSourceLines()
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { CommandLine = "fault overflow" });
        await guest.SaysAsync("Faults.cs:");
        await guest.ExitsWithAsync(GuestExit.PanicCode);
    }
}
