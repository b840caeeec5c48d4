using Troupe.Core.Machine;
using Troupe.Core.Machine.Xen;
using Troupe.Smp.Kernel.Processors;
using Troupe.Smp.Kernel.Xen;

namespace Troupe.Smp.Kernel.Start;

/// <summary>The interrupt controllers and clocks that the kernel itself uses. Boot processor only.</summary>
internal static unsafe class DeviceSetup
{
    private const ulong PageBytes = 4096;

    private static bool _usesKvmClock;

    /// <summary>Puts the legacy controllers away, switches the local APIC on and finds out how fast time runs.</summary>
    internal static void Start(MachineDescription* machine, CpuFeatures* features)
    {
        LegacyInterruptController<KernelPorts>.Disable(Vectors.LegacyBase);
        if (!LocalInterrupts.IsX2Apic)
        {
            MemorySetup.RequireDevice(LocalInterrupts.Address, PageBytes);
        }

        LocalInterrupts.Enable(Vectors.Spurious, Vectors.ApicError, machine->NonMaskableInput);
        InterruptRouterWindows(machine);
        XenGuest.Start(features);
        StartClock(features);
        ReadWallClock(machine);
    }

    /// <summary>Every processor tells kvmclock where its record is before it asks for the time.</summary>
    internal static void StartProcessorClock(int processor)
    {
        if (XenGuest.IsRunning)
        {
            XenGuest.StartProcessor(KernelScratch.Features, processor);
        }
        else if (_usesKvmClock)
        {
            KvmTime.Enable(processor);
        }
    }

    private static void StartClock(CpuFeatures* features)
    {
        ulong start = Instructions.ReadTimeStampCounter();
        ulong told = 0;
        if (XenGuest.IsRunning)
        {
            // The same record of the same format, kept up to date in the processor's own one.
            KvmTime.Initialize(XenGuest.ClockRecords);
            told = KvmTime.Frequency(0);
            _usesKvmClock = told != 0;
        }
        else if (KvmTime.IsOffered<KernelCpuid>(features))
        {
            ulong frames = (KvmTime.MemorySize + PageBytes - 1) / PageBytes;
            ulong memory = KernelMemory.AllocateContiguous(frames);
            Instructions.Zero(memory, frames * PageBytes);
            KvmTime.Initialize(memory);
            KvmTime.Enable(0);
            told = KvmTime.Frequency(0);
            _usesKvmClock = true;
        }

        ClockCalibration calibration;
        if (!Calibrator.Calibrate(features, told, &calibration))
        {
            Panic.Now("no clock to measure time by"u8);
        }

        KernelClock.Initialize(calibration.TimeStampCounterFrequency, start, _usesKvmClock);
        LocalTimer.Initialize(calibration.ApicTimerFrequency, features->TscDeadline);
        LocalTimer.Configure();
    }

    private static void ReadWallClock(MachineDescription* machine)
    {
        const long Billion = 1_000_000_000;
        long seconds = 0;
        ulong wallSeconds = 0;
        uint wallNanoseconds = 0;
        if (XenGuest.IsRunning)
        {
            if (_usesKvmClock && XenSharedInfo.ReadWallClock<KernelPhysicalMemory>(XenGuest.SharedInfo, &wallSeconds, &wallNanoseconds))
            {
                WallClock.Initialize(((long)wallSeconds * Billion) + wallNanoseconds + (long)KvmTime.Now(0) - KernelClock.Now);
                return;
            }

            KernelConsole.Write("[kernel] warning: Xen tells no wall clock; time starts in 1970\n"u8);
        }
        else if (_usesKvmClock && KvmTime.ReadWallClock(KernelMemory.RequireFrame(), &wallSeconds, &wallNanoseconds))
        {
            // kvmclock's wall clock is that of its own time zero.
            WallClock.Initialize(((long)wallSeconds * Billion) + wallNanoseconds + (long)KvmTime.Now(0) - KernelClock.Now);
        }
        else if (RealTimeClock<KernelPorts>.Read(machine->CenturyRegister, &seconds))
        {
            WallClock.Initialize((seconds * Billion) - KernelClock.Now);
        }
        else
        {
            KernelConsole.Write("[kernel] warning: no wall clock; time starts in 1970\n"u8);
        }
    }

    private static void InterruptRouterWindows(MachineDescription* machine)
    {
        for (int i = 0; i < machine->IoApicCount; i++)
        {
            MemorySetup.RequireDevice(MachineDescription.IoApic(machine, i)->Address, PageBytes);
        }

        DeviceInterrupts.Initialize(machine, KernelMemory.RequireFrame());
    }
}
