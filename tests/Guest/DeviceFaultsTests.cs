using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>The hook that makes devices break their rules (<c>./troupe test devices</c>) is in no ordinary image.</summary>
public sealed class DeviceFaultsTests
{
    [Fact]
    public async Task AnOrdinaryImageRefusesToHarmItsDevices()
    {
        using var guest = Guest.Boot("Apps/SelfTest", static options => options with { Network = new GuestNetwork(GuestNetworkKind.None), CommandLine = "harms 1 1 1" });
        await guest.SaysAsync("this image has no hook to make devices break their rules");
        await guest.ExitsWithAsync(1);
    }

    [Fact]
    public void NoOrdinaryImageHasCodeOfTheHook()
    {
        var repository = Repository.Locate();
        var build = new ImageBuild(repository);
        Assert.All(repository.Apps().Select(build.ImageOf).Where(static image => File.Exists(image.Symbols)), static image =>
        {
            ReadOnlySpan<byte> symbols = File.ReadAllBytes(image.Symbols);
            // As the compiler names methods: that there are names at all, and that the hook has none.
            Assert.True(symbols.IndexOf("Troupe_Smp_Host_PhysicalDmaArena__AllocateCore"u8) >= 0, image.Elf);
            Assert.True(symbols.IndexOf("Troupe_Smp_Host_DeviceFaults__"u8) < 0, image.Elf);
            Assert.True(symbols.IndexOf("Troupe_Smp_Host_UsedRing__"u8) < 0, image.Elf);
        });
    }
}
