using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>From reset to the .NET runtime on every kind of machine: the kernel says what it found before it starts the runtime.</summary>
public sealed class BootTests
{
    private const string NoRandomInstruction = "max,-erms,-rdrand,-rdseed";

    [Theory]
    [InlineData(GuestMachine.Q35, 1)]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.Q35, 4)]
    [InlineData(GuestMachine.Q35, 16)]
    [InlineData(GuestMachine.MicroVm, 1)]
    [InlineData(GuestMachine.MicroVm, 2)]
    [InlineData(GuestMachine.MicroVm, 4)]
    public Task EveryProcessorIsFound(GuestMachine machine, int processors) =>
        BootsAsync(processors, options => options with { Machine = machine, Processors = processors });

    [Fact]
    public Task AMicrovmWithAcpiBoots() => BootsAsync(2, options => options with { Machine = GuestMachine.MicroVm, MicroVmAcpi = true });

    [Fact]
    public Task SeaBiosBootsIt() => BootsAsync(2, options => options with { Firmware = GuestFirmware.SeaBios });

    [Theory]
    [InlineData("max")]
    [InlineData("qemu64")]
    [InlineData("Haswell")]
    [InlineData("EPYC")]
    public Task ItBootsOnTheProcessorModel(string model) => BootsAsync(2, options => options with { CpuModel = model });

    [Theory]
    [InlineData(48)]
    [InlineData(8192)]
    public Task ItBootsWithThisManyMegabytes(int memory) => BootsAsync(2, options => options with { Memory = memory });

    [Fact]
    public Task ItBootsWithoutANetworkCard() => BootsAsync(2, options => options with { Network = new GuestNetwork(GuestNetworkKind.None) });

    [Theory]
    [InlineData(GuestMachine.Q35, GuestFirmware.Qboot, false)]
    [InlineData(GuestMachine.Q35, GuestFirmware.SeaBios, false)]
    [InlineData(GuestMachine.MicroVm, GuestFirmware.Qboot, false)]
    [InlineData(GuestMachine.MicroVm, GuestFirmware.Qboot, true)]
    public async Task WithoutARandomInstructionTheSeedComesFromTheDevice(GuestMachine machine, GuestFirmware firmware, bool acpi)
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with
        {
            Machine = machine,
            Firmware = firmware,
            MicroVmAcpi = acpi,
            CpuModel = NoRandomInstruction,
            CommandLine = "cryptography",
        });
        await guest.SaysAsync("[kernel] no random instruction; seeded from virtio-rng");
        await guest.ExitsWithAsync(0);
        Assert.DoesNotContain("warning", guest.Transcript(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(GuestMachine.Q35)]
    [InlineData(GuestMachine.MicroVm)]
    public async Task WithoutAnyEntropySourceThereIsAWarning(GuestMachine machine)
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with
        {
            Machine = machine,
            CpuModel = NoRandomInstruction,
            EntropyDevice = false,
            CommandLine = "cryptography",
        });
        await guest.SaysAsync("[kernel] warning: no random instruction and no entropy device; seeded from timer jitter");
        await guest.ExitsWithAsync(0);
    }

    [Fact]
    public async Task TheProcessorsOwnInstructionNeedsNoDevice()
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { EntropyDevice = false, CommandLine = "cryptography" });
        await guest.ExitsWithAsync(0);
        Assert.DoesNotContain("seeded from", guest.Transcript(), StringComparison.Ordinal);
    }

    private static async Task BootsAsync(int processors, Func<GuestOptions, GuestOptions> with)
    {
        using var guest = Guest.Boot("Apps/SelfTest", with);
        await guest.SaysAsync($"[kernel] {processors} processor{(processors == 1 ? string.Empty : "s")},");
    }
}
