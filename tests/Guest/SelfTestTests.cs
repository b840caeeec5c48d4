using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>Apps/SelfTest: the base class library's ladder, memory pressure, bands and stress; it exits with 0 when what it was asked for held.</summary>
public sealed class SelfTestTests
{
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(GuestMachine.Q35, 1)]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.Q35, 4)]
    [InlineData(GuestMachine.MicroVm, 2)]
    public Task TheLadderHolds(GuestMachine machine, int processors) => HoldsAsync("ladder", machine, processors);

    /// <summary>The full minute on two processors; one and four get it from <c>./troupe soak --cpus</c>.</summary>
    [Theory]
    [InlineData(1, 20)]
    [InlineData(2, 60)]
    [InlineData(4, 20)]
    public Task StressHolds(int processors, int seconds) => HoldsAsync($"stress {seconds}", GuestMachine.Q35, processors);

    [Theory]
    [InlineData("memory")]
    [InlineData("bands")]
    [InlineData("preemption")]
    [InlineData("swapping")]
    [InlineData("cryptography")]
    [InlineData("interrupts")]
    public Task ItHolds(string mode) => HoldsAsync(mode, GuestMachine.Q35, 2);

    /// <summary>What capabilities refuse, on both buses.</summary>
    [Theory]
    [InlineData(GuestMachine.Q35, "a revoked function opens again")]
    [InlineData(GuestMachine.MicroVm, "a level-triggered line came and went")]
    public async Task DevicesAreGivenToOneDriverAndTakenBack(GuestMachine machine, string last)
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { Machine = machine, MicroVmAcpi = true, Processors = 4, CommandLine = "devices" });
        await guest.SaysAsync(last);
        await guest.ExitsWithAsync(0, _longest);
    }

    /// <summary>
    /// On one processor whose time counts instructions, so that a busy host does not show; the same run twice differs by little. The budget is the bar of
    /// 1 ms for an emulator that takes 4 ns an instruction, some three times what ours takes (docs/traps.md).
    /// </summary>
    [Fact]
    public async Task InterruptsAreOffForABoundedNumberOfInstructions()
    {
        const long Budget = 250_000;
        using var guest = Guest.Boot(
            "Apps/SelfTest",
            options => options with { Processors = 1, CountsInstructions = true, CommandLine = "interrupts" });
        await guest.ExitsWithAsync(0, _longest);
        var off = guest.Lines.Select(InterruptsOffLine.TryParse).OfType<InterruptsOffLine>().ToList();
        Assert.NotEmpty(off);
        Assert.All(off, stay => Assert.True(stay.Ticks <= Budget, $"{stay.Ticks} instructions in {stay.Cause}; at most {Budget} are allowed"));
    }

    private static async Task HoldsAsync(string mode, GuestMachine machine, int processors)
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { Machine = machine, Processors = processors, CommandLine = mode });
        await guest.ExitsWithAsync(0, _longest);
    }
}
