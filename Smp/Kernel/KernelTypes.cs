// The kernel's instances of what is generic over the seams: one place says what the image is made of.
global using AddressSpace = Troupe.Core.Machine.Memory.AddressSpace<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors, Troupe.Core.Machine.Memory.IdentityMap, Troupe.Core.Machine.Memory.KernelTranslation>;
global using Calibrator = Troupe.Core.Machine.ClockCalibrator<Troupe.Core.Machine.KernelPhysicalMemory, Troupe.Core.Machine.KernelModelSpecificRegisters, Troupe.Core.Machine.KernelPorts, Troupe.Core.Machine.KernelCpuid, Troupe.Core.Machine.KernelTimeStampCounter>;
global using CommitAccount = Troupe.Core.Machine.Memory.CommitLimit<Troupe.Core.Memory.ProcessorMemory>;
global using FaultingCopy = Troupe.Core.Machine.Memory.UserCopy<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors, Troupe.Core.Machine.Memory.IdentityMap, Troupe.Core.Machine.Memory.KernelTranslation, Troupe.Core.Machine.Memory.KernelFaultingCopy>;
global using Frames = Troupe.Core.Machine.Memory.FrameAllocator<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors, Troupe.Core.Machine.Memory.IdentityMap>;
global using FutexTable = Troupe.Smp.Kernel.Waiting.FutexTable<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors, Troupe.Smp.Kernel.KernelUserWord>;
global using InterruptRouter = Troupe.Core.Machine.IoApic<Troupe.Core.Machine.KernelPhysicalMemory, Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors>;
global using InterruptVectors = Troupe.Core.Machine.VectorTable<Troupe.Core.Memory.ProcessorMemory>;
global using KernelRandomness = Troupe.Core.Machine.KernelRandom<Troupe.Core.Machine.KernelRandomInstructions, Troupe.Core.Machine.KernelTimeStampCounter, Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors>;
global using KvmTime = Troupe.Core.Machine.KvmClock<Troupe.Core.Machine.KernelPhysicalMemory, Troupe.Core.Machine.KernelModelSpecificRegisters, Troupe.Core.Machine.KernelTimeStampCounter>;
global using LocalInterrupts = Troupe.Core.Machine.LocalApic<Troupe.Core.Machine.KernelPhysicalMemory, Troupe.Core.Machine.KernelModelSpecificRegisters>;
global using Map = Troupe.Core.Machine.Memory.KernelMap<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors, Troupe.Core.Machine.Memory.IdentityMap, Troupe.Core.Machine.Memory.KernelTranslation>;
global using Shootdown = Troupe.Core.Machine.Memory.TlbShootdown<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors, Troupe.Core.Machine.Memory.KernelTranslation>;
global using Scheduler = Troupe.Smp.Kernel.Scheduling.Scheduler<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors>;
global using ThreadTable = Troupe.Smp.Kernel.Scheduling.ThreadTable<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors>;
global using Tables = Troupe.Core.Machine.Memory.PageTable<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.KernelProcessors, Troupe.Core.Machine.Memory.IdentityMap>;
