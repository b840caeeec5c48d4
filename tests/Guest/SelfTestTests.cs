using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>Apps/SelfTest: the base class library's ladder, then a minute of stress; it exits with 0 when all of it held.</summary>
[Trait(Pending.State, Pending.Yes)]
public sealed class SelfTestTests
{
    private static readonly TimeSpan _ladderAndStress = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(GuestMachine.Q35, 1)]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.Q35, 4)]
    [InlineData(GuestMachine.MicroVm, 2)]
    public async Task TheLadderAndAMinuteOfStressHold(GuestMachine machine, int processors)
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { Machine = machine, Processors = processors, CommandLine = "stress=60" });
        await guest.ExitsWithAsync(0, _ladderAndStress);
    }
}
