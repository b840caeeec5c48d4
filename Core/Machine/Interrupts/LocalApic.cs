namespace Troupe.Core.Machine;

/// <summary>
/// The calling processor's local APIC (SDM vol. 3, chapter 11): xAPIC through its register window and x2APIC through MSRs,
/// behind one face. Which one is decided once, on the bootstrap processor. All calls with interrupts off: in xAPIC mode
/// sending an interrupt takes two writes.
/// </summary>
public static unsafe class LocalApic<TPhysical, TRegisters>
    where TPhysical : struct, IPhysicalMemory
    where TRegisters : struct, IModelSpecificRegisters
{
    // IA32_APIC_BASE
    private const uint BaseRegister = 0x1B;
    private const ulong BaseEnable = 1UL << 11;
    private const ulong BaseX2Apic = 1UL << 10;
    private const ulong BaseAddressMask = 0x000F_FFFF_FFFF_F000;

    // Offsets in the register window; the x2APIC MSR is 0x800 + offset / 16 (SDM table 11-6).
    private const uint X2ApicFirstRegister = 0x800;
    private const uint IdentifierOffset = 0x20;
    private const uint VersionOffset = 0x30;
    private const uint TaskPriorityOffset = 0x80;
    private const uint EndOfInterruptOffset = 0xB0;
    private const uint SpuriousOffset = 0xF0;
    private const uint ErrorStatusOffset = 0x280;
    private const uint CorrectedMachineCheckOffset = 0x2F0;
    private const uint CommandLowOffset = 0x300;
    private const uint CommandHighOffset = 0x310;
    private const uint TimerOffset = 0x320;
    private const uint ThermalOffset = 0x330;
    private const uint PerformanceOffset = 0x340;
    private const uint Input0Offset = 0x350;
    private const uint Input1Offset = 0x360;
    private const uint ErrorOffset = 0x370;
    private const uint InitialCountOffset = 0x380;
    private const uint CurrentCountOffset = 0x390;
    private const uint DivideOffset = 0x3E0;

    private const uint SoftwareEnable = 1 << 8; // spurious-interrupt vector register
    private const uint Masked = 1 << 16; // local vector table
    private const uint TscDeadlineMode = 2 << 17;
    private const uint DivideByOne = 0b1011;
    private const uint DeadlineRegister = 0x6E0; // IA32_TSC_DEADLINE

    // Interrupt command register
    private const uint DeliveryNmi = 4 << 8;
    private const uint DeliveryInit = 5 << 8;
    private const uint DeliveryStartup = 6 << 8;
    private const uint DeliveryPending = 1 << 12;
    private const uint LevelAssert = 1 << 14;
    private const uint AllExcludingSelf = 3 << 18;

    // An interrupt leaves in well under a microsecond; this many reads of the register are some milliseconds.
    private const int DeliveryPolls = 100_000;

    private static ulong _address;
    private static bool _x2Apic;
    private static bool _deadlineTimer;

    /// <summary>Whether the MSR interface is in use: destinations may then be wider than 8 bits.</summary>
    public static bool IsX2Apic => _x2Apic;

    /// <summary>Physical address of the register window (xAPIC mode): to be mapped uncached.</summary>
    public static ulong Address => _address;

    /// <summary>This processor's APIC id.</summary>
    public static uint Identifier => _x2Apic ? Read(IdentifierOffset) : Read(IdentifierOffset) >> 24;

    /// <summary>The timer's remaining count.</summary>
    public static uint TimerCount => Read(CurrentCountOffset);

    /// <summary>
    /// Decides between xAPIC and x2APIC: x2APIC when firmware left it on (it cannot be left again) or the processor has it.
    /// Call once, on the bootstrap processor, before anything else here.
    /// </summary>
    public static void Initialize(CpuFeatures* features)
    {
        ulong apicBase = TRegisters.Read(BaseRegister);
        _address = apicBase & BaseAddressMask;
        _x2Apic = features->X2Apic || (apicBase & (BaseEnable | BaseX2Apic)) == (BaseEnable | BaseX2Apic);
        _deadlineTimer = false;
    }

    /// <summary>
    /// Switches this processor's APIC on, with every local interrupt masked but NMI on <paramref name="nonMaskableInput"/>.
    /// Call on each processor.
    /// </summary>
    /// <param name="spuriousVector">Vector for spurious interrupts; its low four bits should be ones. No end-of-interrupt for these.</param>
    /// <param name="errorVector">Vector for APIC errors.</param>
    /// <param name="nonMaskableInput">The input that NMI is wired to (<see cref="MachineDescription.NonMaskableInput"/>).</param>
    public static void Enable(byte spuriousVector, byte errorVector, uint nonMaskableInput)
    {
        ulong apicBase = TRegisters.Read(BaseRegister);
        if ((apicBase & BaseEnable) == 0)
        {
            apicBase |= BaseEnable; // from disabled, x2APIC is reached only through xAPIC (SDM figure 11-27)
            TRegisters.Write(BaseRegister, apicBase);
        }

        if (_x2Apic && (apicBase & BaseX2Apic) == 0)
            TRegisters.Write(BaseRegister, apicBase | BaseX2Apic);

        // Local vector table entries take only masked values until the APIC is enabled by software.
        Write(SpuriousOffset, SoftwareEnable | spuriousVector);
        Write(TimerOffset, Masked);
        Write(Input0Offset, nonMaskableInput == 0 ? DeliveryNmi : Masked);
        Write(Input1Offset, nonMaskableInput == 1 ? DeliveryNmi : Masked);
        uint highestEntry = (Read(VersionOffset) >> 16) & 0xFF;
        if (highestEntry >= 4)
            Write(PerformanceOffset, Masked);
        if (highestEntry >= 5)
            Write(ThermalOffset, Masked);
        if (highestEntry >= 6)
            Write(CorrectedMachineCheckOffset, Masked);
        Write(ErrorStatusOffset, 0);
        Write(ErrorOffset, errorVector);
        Write(TaskPriorityOffset, 0);
        // A warm start may have left an interrupt in service: acknowledge it, or lower ones would never come.
        Write(EndOfInterruptOffset, 0);
    }

    /// <summary>Ends the interrupt in service. Not for NMI, INIT, SIPI and the spurious vector.</summary>
    public static void EndOfInterrupt() => Write(EndOfInterruptOffset, 0);

    /// <summary>Reads and clears the error status register (SDM figure 11-9).</summary>
    public static uint ReadErrors()
    {
        Write(ErrorStatusOffset, 0);
        return Read(ErrorStatusOffset);
    }

    /// <summary>Interrupts another processor.</summary>
    /// <returns>False when the previous interrupt would not leave, or the id does not fit the mode.</returns>
    public static bool SendFixed(uint apicId, byte vector) => Send(apicId, LevelAssert | vector);

    /// <summary>Sends an NMI to another processor.</summary>
    /// <returns>As <see cref="SendFixed"/>.</returns>
    public static bool SendNmi(uint apicId) => Send(apicId, LevelAssert | DeliveryNmi);

    /// <summary>Sends an NMI to every other processor: panic.</summary>
    /// <returns>As <see cref="SendFixed"/>.</returns>
    public static bool SendNmiToOthers() => Send(0, LevelAssert | DeliveryNmi | AllExcludingSelf);

    /// <summary>Resets another processor, which then waits for <see cref="SendStartup"/> (SDM 9.4.4, <see cref="ProcessorStartup{TPhysical,TRegisters,TProcessors}"/>).</summary>
    /// <returns>As <see cref="SendFixed"/>.</returns>
    public static bool SendInit(uint apicId) => Send(apicId, LevelAssert | DeliveryInit);

    /// <summary>Starts a processor in real mode at a page below 1 MiB.</summary>
    /// <returns>As <see cref="SendFixed"/>.</returns>
    public static bool SendStartup(uint apicId, byte pageNumber) => Send(apicId, LevelAssert | DeliveryStartup | pageNumber);

    /// <summary>Waits until the last interrupt has left this APIC (xAPIC; x2APIC has no such state).</summary>
    /// <returns>False when it does not.</returns>
    public static bool WaitForDelivery()
    {
        if (_x2Apic)
            return true;
        for (int i = 0; i < DeliveryPolls; i++)
        {
            if ((Read(CommandLowOffset) & DeliveryPending) == 0)
                return true;
        }

        return false;
    }

    /// <summary>Sets this processor's timer up, not running. TSC-deadline mode only when CPUID has it.</summary>
    public static void ConfigureTimer(byte vector, bool deadlineMode)
    {
        _deadlineTimer = deadlineMode;
        Write(DivideOffset, DivideByOne);
        Write(InitialCountOffset, 0);
        Write(TimerOffset, (deadlineMode ? TscDeadlineMode : 0) | vector);
        if (deadlineMode)
            TRegisters.Fence(); // the mode must be in place before the first deadline (SDM 11.5.4.1)
    }

    /// <summary>Starts the timer for one interrupt after <paramref name="count"/> ticks (at least one).</summary>
    public static void ArmTimerCount(uint count) => Write(InitialCountOffset, count == 0 ? 1 : count);

    /// <summary>Starts the timer for one interrupt when the TSC reaches a value; one in the past interrupts at once.</summary>
    public static void ArmTimerDeadline(ulong timeStamp)
    {
        TRegisters.Fence();
        TRegisters.Write(DeadlineRegister, timeStamp == 0 ? 1 : timeStamp);
    }

    /// <summary>Stops the timer. An interrupt that is already pending still arrives.</summary>
    public static void StopTimer()
    {
        if (_deadlineTimer)
            TRegisters.Write(DeadlineRegister, 0);
        else
            Write(InitialCountOffset, 0);
    }

    /// <summary>Lets the timer count down from its maximum without interrupting: calibration.</summary>
    public static void StartFreeRunningTimer()
    {
        Write(TimerOffset, Masked);
        Write(DivideOffset, DivideByOne);
        Write(InitialCountOffset, uint.MaxValue);
    }

    private static bool Send(uint apicId, uint command)
    {
        if (_x2Apic)
        {
            TRegisters.Fence(); // what was written before must be visible to the interrupted processor
            TRegisters.Write(X2ApicFirstRegister + (CommandLowOffset >> 4), ((ulong)apicId << 32) | command);
            return true;
        }

        if (apicId > 0xFF || !WaitForDelivery())
            return false;
        TPhysical.Write32(_address + CommandHighOffset, apicId << 24);
        TPhysical.Write32(_address + CommandLowOffset, command);
        return true;
    }

    private static uint Read(uint offset) => _x2Apic
        ? (uint)TRegisters.Read(X2ApicFirstRegister + (offset >> 4))
        : TPhysical.Read32(_address + offset);

    private static void Write(uint offset, uint value)
    {
        if (_x2Apic)
            TRegisters.Write(X2ApicFirstRegister + (offset >> 4), value);
        else
            TPhysical.Write32(_address + offset, value);
    }
}
