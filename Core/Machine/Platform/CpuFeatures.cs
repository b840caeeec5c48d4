namespace Troupe.Core.Machine;

/// <summary>
/// What CPUID says about the processor (SDM vol. 2, CPUID; AMD APM vol. 3, appendix E), read once at boot on the
/// bootstrap processor: all processors of a guest are alike.
/// </summary>
public unsafe struct CpuFeatures
{
    /// <summary>The state components that the kernel saves: x87, SSE, AVX and AVX-512's three (XCR0 bits 0-2 and 5-7).</summary>
    public const ulong SupportedExtendedState = 0xE7;

    /// <summary>The size of the FXSAVE area, and of the area used when there is no XSAVE.</summary>
    public const int FxSaveAreaSize = 512;

    private const uint BasicLeaf = 0;
    private const uint FeatureLeaf = 1;
    private const uint StructuredFeatureLeaf = 7;
    private const uint ExtendedStateLeaf = 0xD;
    private const uint HypervisorLeaf = 0x4000_0000;
    private const uint ExtendedLeaf = 0x8000_0000;

    /// <summary>Highest basic leaf.</summary>
    public uint HighestBasicLeaf;

    /// <summary>Highest extended leaf (0x8000xxxx), or 0.</summary>
    public uint HighestExtendedLeaf;

    /// <summary>The first leaf of the hypervisor's range (Xen may sit at a multiple of 0x100 above 0x40000000), or 0.</summary>
    public uint HypervisorBaseLeaf;

    /// <summary>Highest leaf of the hypervisor's range, or 0.</summary>
    public uint HighestHypervisorLeaf;

    /// <summary>Who runs the guest.</summary>
    public Hypervisor Hypervisor;

    /// <summary>The bits of XCR0 to set: what the processor has of <see cref="SupportedExtendedState"/>; 0 without XSAVE.</summary>
    public ulong ExtendedStateMask;

    /// <summary>Bytes of the XSAVE area (standard form) for <see cref="ExtendedStateMask"/>, or of the FXSAVE area without XSAVE.</summary>
    public int ExtendedStateSize;

    /// <summary>XSAVE and its companions.</summary>
    public bool XSave;

    /// <summary>XSAVEOPT.</summary>
    public bool XSaveOptimized;

    /// <summary>RDFSBASE and its companions.</summary>
    public bool FsGsBase;

    /// <summary>The local APIC has an MSR interface.</summary>
    public bool X2Apic;

    /// <summary>The local APIC's timer can be armed with a TSC value.</summary>
    public bool TscDeadline;

    /// <summary>The APIC timer runs at a constant rate in every power state.</summary>
    public bool AlwaysRunningApicTimer;

    /// <summary>RDTSCP and IA32_TSC_AUX.</summary>
    public bool RdTscp;

    /// <summary>RDRAND.</summary>
    public bool RdRand;

    /// <summary>RDSEED.</summary>
    public bool RdSeed;

    /// <summary>Pages can forbid execution (EFER.NXE).</summary>
    public bool NoExecute;

    /// <summary>CR4.SMEP.</summary>
    public bool SupervisorModeExecutionPrevention;

    /// <summary>CR4.SMAP.</summary>
    public bool SupervisorModeAccessPrevention;

    /// <summary>CR4.UMIP.</summary>
    public bool UserModeInstructionPrevention;

    /// <summary>The TSC runs at a constant rate in every power state.</summary>
    public bool InvariantTsc;

    /// <summary>Pages of 1 GiB.</summary>
    public bool GigabytePages;

    /// <summary>Process-context identifiers (CR4.PCIDE).</summary>
    public bool ProcessContextIdentifiers;

    /// <summary>Global pages (CR4.PGE).</summary>
    public bool GlobalPages;

    /// <summary>CLFLUSH exists.</summary>
    public bool CacheLineFlush;

    /// <summary>MONITOR and MWAIT.</summary>
    public bool MonitorWait;

    /// <summary>The hypervisor bit.</summary>
    public bool UnderHypervisor;

    /// <summary>Physical address bits.</summary>
    public int PhysicalAddressBits;

    /// <summary>Reads everything.</summary>
    public static void Detect<TCpuid>(CpuFeatures* features)
        where TCpuid : struct, ICpuid
    {
        CpuidResult result;
        TCpuid.Query(BasicLeaf, 0, &result);
        features->HighestBasicLeaf = result.Eax;
        TCpuid.Query(ExtendedLeaf, 0, &result);
        features->HighestExtendedLeaf = result.Eax >= ExtendedLeaf && result.Eax < ExtendedLeaf + 0x1_0000 ? result.Eax : 0;

        DetectBasic<TCpuid>(features);
        DetectStructured<TCpuid>(features);
        DetectExtended<TCpuid>(features);
        DetectExtendedState<TCpuid>(features);
        DetectHypervisor<TCpuid>(features);
    }

    private static void DetectBasic<TCpuid>(CpuFeatures* features)
        where TCpuid : struct, ICpuid
    {
        CpuidResult result;
        TCpuid.Query(FeatureLeaf, 0, &result);
        features->MonitorWait = Bit(result.Ecx, 3);
        features->ProcessContextIdentifiers = Bit(result.Ecx, 17);
        features->X2Apic = Bit(result.Ecx, 21);
        features->TscDeadline = Bit(result.Ecx, 24);
        features->XSave = Bit(result.Ecx, 26);
        features->RdRand = Bit(result.Ecx, 30);
        features->UnderHypervisor = Bit(result.Ecx, 31);
        features->GlobalPages = Bit(result.Edx, 13);
        features->CacheLineFlush = Bit(result.Edx, 19);

        features->AlwaysRunningApicTimer = false;
        if (features->HighestBasicLeaf >= 6)
        {
            TCpuid.Query(6, 0, &result);
            features->AlwaysRunningApicTimer = Bit(result.Eax, 2);
        }
    }

    private static void DetectStructured<TCpuid>(CpuFeatures* features)
        where TCpuid : struct, ICpuid
    {
        CpuidResult result = default;
        if (features->HighestBasicLeaf >= StructuredFeatureLeaf)
            TCpuid.Query(StructuredFeatureLeaf, 0, &result);
        features->FsGsBase = Bit(result.Ebx, 0);
        features->SupervisorModeExecutionPrevention = Bit(result.Ebx, 7);
        features->RdSeed = Bit(result.Ebx, 18);
        features->SupervisorModeAccessPrevention = Bit(result.Ebx, 20);
        features->UserModeInstructionPrevention = Bit(result.Ecx, 2);
    }

    private static void DetectExtended<TCpuid>(CpuFeatures* features)
        where TCpuid : struct, ICpuid
    {
        CpuidResult result = default;
        if (features->HighestExtendedLeaf >= 0x8000_0001)
            TCpuid.Query(0x8000_0001, 0, &result);
        features->NoExecute = Bit(result.Edx, 20);
        features->GigabytePages = Bit(result.Edx, 26);
        features->RdTscp = Bit(result.Edx, 27);

        features->InvariantTsc = false;
        if (features->HighestExtendedLeaf >= 0x8000_0007)
        {
            TCpuid.Query(0x8000_0007, 0, &result);
            features->InvariantTsc = Bit(result.Edx, 8);
        }

        features->PhysicalAddressBits = 36;
        if (features->HighestExtendedLeaf >= 0x8000_0008)
        {
            TCpuid.Query(0x8000_0008, 0, &result);
            int bits = (int)(result.Eax & 0xFF);
            if (bits is >= 32 and <= 52)
                features->PhysicalAddressBits = bits;
        }
    }

    /// <summary>
    /// The offsets of the standard form are fixed per component, so the area's size is where the last supported one ends;
    /// leaf 0xD's own total counts components that we leave off, or depends on the present XCR0.
    /// </summary>
    private static void DetectExtendedState<TCpuid>(CpuFeatures* features)
        where TCpuid : struct, ICpuid
    {
        features->ExtendedStateMask = 0;
        features->ExtendedStateSize = FxSaveAreaSize;
        features->XSaveOptimized = false;
        if (!features->XSave || features->HighestBasicLeaf < ExtendedStateLeaf)
        {
            features->XSave = false;
            return;
        }

        CpuidResult result;
        TCpuid.Query(ExtendedStateLeaf, 0, &result);
        ulong mask = (((ulong)result.Edx << 32) | result.Eax) & SupportedExtendedState;
        if ((mask & 0b11) != 0b11)
        {
            features->XSave = false; // x87 and SSE are not optional: what answers so is not to be trusted
            return;
        }

        if ((mask & 0xE0) != 0xE0 || (mask & 4) == 0)
            mask &= ~0xE0UL; // AVX-512 comes whole, and on top of AVX (SDM vol. 1, 13.3)

        uint size = FxSaveAreaSize + 64; // legacy region and XSAVE header
        for (uint component = 2; component < 8; component++)
        {
            if ((mask & (1UL << (int)component)) == 0)
                continue;
            TCpuid.Query(ExtendedStateLeaf, component, &result);
            if (result.Ebx + result.Eax > size)
                size = result.Ebx + result.Eax;
        }

        features->ExtendedStateMask = mask;
        features->ExtendedStateSize = (int)size;
        TCpuid.Query(ExtendedStateLeaf, 1, &result);
        features->XSaveOptimized = Bit(result.Eax, 0);
    }

    private static void DetectHypervisor<TCpuid>(CpuFeatures* features)
        where TCpuid : struct, ICpuid
    {
        features->Hypervisor = Hypervisor.None;
        features->HypervisorBaseLeaf = 0;
        features->HighestHypervisorLeaf = 0;
        if (!features->UnderHypervisor)
            return;

        features->Hypervisor = Hypervisor.Unknown;
        // Xen with the Viridian interface offers its own leaves 0x100 further up.
        for (uint leaf = HypervisorLeaf; leaf < HypervisorLeaf + 0x400; leaf += 0x100)
        {
            CpuidResult result;
            TCpuid.Query(leaf, 0, &result);
            Hypervisor found = Recognize(&result);
            if (found == Hypervisor.Unknown)
                continue;
            features->Hypervisor = found;
            features->HypervisorBaseLeaf = leaf;
            // Early KVM left the maximum at 0 and meant its feature leaf.
            features->HighestHypervisorLeaf = result.Eax > leaf && result.Eax < leaf + 0x100 ? result.Eax : leaf + 1;
            return;
        }
    }

    private static Hypervisor Recognize(CpuidResult* result) => (result->Ebx, result->Ecx, result->Edx) switch
    {
        (0x4B4D_564B, 0x564B_4D56, 0x0000_004D) => Hypervisor.Kvm, // "KVMK" "VMKV" "M"
        (0x566E_6558, 0x6558_4D4D, 0x4D4D_566E) => Hypervisor.Xen, // "XenV" "MMXe" "nVMM"
        (0x5447_4354, 0x4354_4743, 0x4743_5447) => Hypervisor.Tcg, // "TCGT" "CGTC" "GTCG"
        _ => Hypervisor.Unknown,
    };

    private static bool Bit(uint register, int bit) => ((register >> bit) & 1) != 0;
}
