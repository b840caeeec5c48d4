using Troupe.Core.Machine;

namespace Troupe.Core.Tests;

public sealed unsafe class CpuFeaturesTests
{
    private readonly FakeMachine _machine = FakeMachine.Install();

    [Fact]
    public void AProcessorWithNothingHasFxSaveOnly()
    {
        _machine.Leaf(0, eax: 1);

        CpuFeatures features = Detect();

        Assert.False(features.XSave || features.RdRand || features.RdSeed || features.FsGsBase || features.X2Apic || features.NoExecute);
        Assert.Equal(512, features.ExtendedStateSize);
        Assert.Equal(0ul, features.ExtendedStateMask);
        Assert.Equal(36, features.PhysicalAddressBits);
        Assert.Equal(Hypervisor.None, features.Hypervisor);
    }

    [Fact]
    public void AvxStateEndsWhereItsComponentEnds()
    {
        WithXSave(mask: 0b111);
        Assert.Equal(0b111ul, Detect().ExtendedStateMask);
        Assert.Equal(832, Detect().ExtendedStateSize);
    }

    [Fact]
    public void Avx512StateIsCountedAndForeignComponentsAreNot()
    {
        WithXSave(mask: 0x2_02FF); // with MPX (bits 3, 4), PKRU (9) and AMX (17), which the kernel leaves off
        CpuFeatures features = Detect();
        Assert.Equal(0xE7ul, features.ExtendedStateMask);
        Assert.Equal(2688, features.ExtendedStateSize);
    }

    [Fact]
    public void AnIncompleteAvx512IsLeftOff()
    {
        WithXSave(mask: 0b0110_0111);
        Assert.Equal(0b111ul, Detect().ExtendedStateMask);
    }

    [Fact]
    public void AnXSaveWithoutSseIsNotTrusted()
    {
        WithXSave(mask: 0b001);
        Assert.False(Detect().XSave);
    }

    [Theory]
    [InlineData("KVMKVMKVM\0\0\0", 0x4000_0000u, Hypervisor.Kvm)]
    [InlineData("XenVMMXenVMM", 0x4000_0000u, Hypervisor.Xen)]
    [InlineData("XenVMMXenVMM", 0x4000_0100u, Hypervisor.Xen)]
    [InlineData("TCGTCGTCGTCG", 0x4000_0000u, Hypervisor.Tcg)]
    [InlineData("VMwareVMware", 0x4000_0000u, Hypervisor.Unknown)]
    public void TheHypervisorIsKnownByItsSignature(string signature, uint leaf, Hypervisor expected)
    {
        _machine.Leaf(0, eax: 1);
        _machine.Leaf(1, ecx: 1u << 31);
        byte[] text = System.Text.Encoding.ASCII.GetBytes(signature);
        _machine.Leaf(leaf, leaf + 4, BitConverter.ToUInt32(text, 0), BitConverter.ToUInt32(text, 4), BitConverter.ToUInt32(text, 8));

        CpuFeatures features = Detect();

        Assert.Equal(expected, features.Hypervisor);
        Assert.Equal(expected == Hypervisor.Unknown ? 0 : leaf, features.HypervisorBaseLeaf);
        Assert.Equal(expected == Hypervisor.Unknown ? 0 : leaf + 4, features.HighestHypervisorLeaf);
    }

    [Fact]
    public void SingleBitsAreReadFromTheirRegisters()
    {
        _machine.Leaf(0, eax: 7);
        _machine.Leaf(1, ecx: (1u << 21) | (1u << 24) | (1u << 30));
        _machine.Leaf(7, ebx: (1u << 0) | (1u << 7) | (1u << 18) | (1u << 20));
        _machine.Leaf(0x8000_0000, eax: 0x8000_0008);
        _machine.Leaf(0x8000_0001, edx: (1u << 20) | (1u << 26) | (1u << 27));
        _machine.Leaf(0x8000_0007, edx: 1u << 8);
        _machine.Leaf(0x8000_0008, eax: 0x3028);

        CpuFeatures features = Detect();

        Assert.True(features.X2Apic);
        Assert.True(features.TscDeadline);
        Assert.True(features.RdRand);
        Assert.True(features.FsGsBase);
        Assert.True(features.SupervisorModeExecutionPrevention);
        Assert.True(features.RdSeed);
        Assert.True(features.SupervisorModeAccessPrevention);
        Assert.True(features.NoExecute);
        Assert.True(features.GigabytePages);
        Assert.True(features.RdTscp);
        Assert.True(features.InvariantTsc);
        Assert.Equal(40, features.PhysicalAddressBits);
    }

    private void WithXSave(uint mask)
    {
        _machine.Leaf(0, eax: 0xD);
        _machine.Leaf(1, ecx: 1u << 26);
        _machine.Leaf(0xD, eax: mask, ebx: 8192);
        _machine.Leaf(0xD, eax: 256, ebx: 576, subleaf: 2);
        _machine.Leaf(0xD, eax: 64, ebx: 960, subleaf: 3);
        _machine.Leaf(0xD, eax: 64, ebx: 1088, subleaf: 5);
        _machine.Leaf(0xD, eax: 512, ebx: 1152, subleaf: 6);
        _machine.Leaf(0xD, eax: 1024, ebx: 1664, subleaf: 7);
    }

    private static CpuFeatures Detect()
    {
        CpuFeatures features;
        CpuFeatures.Detect<FakeCpuid>(&features);
        return features;
    }
}
