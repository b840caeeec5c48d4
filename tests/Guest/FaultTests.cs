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

    [Fact]
    public async Task TheTraceOfAPanicIsInSourceLines()
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { CommandLine = "fault overflow" });
        await guest.SaysAsync("Faults.cs:");
        await guest.ExitsWithAsync(GuestExit.PanicCode);
    }
}
