using Troupe.Core.Machine;
using Troupe.Smp.Kernel.Processors;

namespace Troupe.Smp.Kernel.Start;

/// <summary>The interrupt controllers and clocks that the kernel itself uses. Boot processor only.</summary>
internal static unsafe class DeviceSetup
{
    private const ulong PageBytes = 4096;

    /// <summary>Puts the legacy controllers away, switches the local APIC on and finds out how fast time runs.</summary>
    internal static void Start(MachineDescription* machine, CpuFeatures* features)
    {
        LegacyInterruptController<KernelPorts>.Disable(Vectors.LegacyBase);
        if (!LocalInterrupts.IsX2Apic)
        {
            MemorySetup.RequireDevice(LocalInterrupts.Address, PageBytes);
        }

        LocalInterrupts.Enable(Vectors.Spurious, Vectors.ApicError, machine->NonMaskableInput);
        ClockCalibration calibration;
        ulong start = Instructions.ReadTimeStampCounter();
        if (!Calibrator.Calibrate(features, 0, &calibration))
        {
            Panic.Now("no clock to measure time by"u8);
        }

        KernelClock.Initialize(calibration.TimeStampCounterFrequency, start);
        LocalTimer.Initialize(calibration.ApicTimerFrequency, features->TscDeadline);
        LocalTimer.Configure();
    }
}
