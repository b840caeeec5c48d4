using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Troupe.Smp.Kernel.Processors;
using Troupe.Smp.Kernel.Scheduling;
using Troupe.Smp.Kernel.Start;
using Troupe.Smp.Kernel.Xen;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>What Smp/Host asks of the kernel half (<see cref="HostCall"/>): device windows, memory for devices, interrupts, facts.</summary>
internal static unsafe class OwnCalls
{
    internal static long Call(KernelThread* thread)
    {
        Registers* registers = &thread->Registers;
        ulong first = registers->Rdi, second = registers->Rsi, third = registers->Rdx;
        return (long)registers->Rax switch
        {
            HostCall.MapDevice => MapDevice(thread, first, second),
            HostCall.AllocateDma => AllocateDma(thread, first, second),
            HostCall.FreeDma => FreeDma(first, second),
            HostCall.OpenLine => DeviceInterrupts.OpenLine((uint)first, second, third),
            HostCall.OpenMessage => DeviceInterrupts.OpenMessage(first, second),
            HostCall.Unmask => DeviceInterrupts.SetMask(first, masked: false),
            HostCall.Mask => DeviceInterrupts.SetMask(first, masked: true),
            HostCall.CloseInterrupt => DeviceInterrupts.Close(first),
            HostCall.WorkerBlocks => (long)DeviceInterrupts.Blocks,
            HostCall.MachineFact => Fact((long)first, second, third),
            HostCall.ContributeEntropy => ContributeEntropy(first, second),
            HostCall.ShowRunningActor => ActorNames.Register(thread, first, second),
            HostCall.OpenChannel => XenEvents.Open(first, second, third),
            HostCall.UnmaskChannel => XenEvents.Unmask(first),
            HostCall.NotifyChannel => XenEvents.Send(first),
            HostCall.CloseChannel => XenEvents.Close(first),
            HostCall.GrantTable => XenGrantTable.Address() is var table && table != 0 ? (long)table : Errno.NoMemory,
            HostCall.RestartAtExit => RestartAtExit(),
            HostCall.ShowLastWords => ShowLastWords(first, second),
            _ => Errno.NotImplemented,
        };
    }

    private static long ShowLastWords(ulong address, ulong room)
    {
        if (room == 0)
        {
            return Errno.InvalidArgument;
        }

        Panic.SetLastWords(address, room);
        return 0;
    }

    // A window over PCI's configuration space is megabytes: in pieces.
    private static long MapDevice(KernelThread* thread, ulong physical, ulong bytes)
    {
        ulong done = thread->CallProgress;
        bool mapped = KernelMemory.KernelMap->MapDevice(physical, bytes, ref done, out bool isDone, out ulong address) == PageTableStatus.Done;
        thread->CallProgress = mapped && !isDone ? done : 0;
        return !mapped ? Errno.InvalidArgument : isDone ? (long)address : Outcome.Again;
    }

    // Cleared in pieces: the progress is the block's address and, in the bits that are zero in it, how many frames are clear.
    private static long AllocateDma(KernelThread* thread, ulong bytes, ulong alignment)
    {
        const ulong Piece = 64, FrameMask = KernelMemory.FrameSize - 1;
        ulong frames = (bytes + FrameMask) / KernelMemory.FrameSize;
        ulong address = thread->CallProgress & ~FrameMask;
        ulong cleared = thread->CallProgress & FrameMask;
        if (address == 0 && frames != 0)
        {
            address = KernelMemory.AllocateContiguous(frames, alignment < KernelMemory.FrameSize ? KernelMemory.FrameSize : alignment);
        }

        if (address == 0)
        {
            return Errno.NoMemory;
        }

        ulong piece = frames - cleared < Piece ? frames - cleared : Piece;
        Instructions.Zero(address + (cleared * KernelMemory.FrameSize), piece * KernelMemory.FrameSize);
        cleared += piece;
        thread->CallProgress = cleared < frames ? address | cleared : 0;
        return cleared < frames ? Outcome.Again : (long)address;
    }

    private static long FreeDma(ulong address, ulong bytes)
    {
        KernelMemory.FreeContiguous(address, (bytes + KernelMemory.FrameSize - 1) / KernelMemory.FrameSize);
        return 0;
    }

    private static long ContributeEntropy(ulong source, ulong bytes)
    {
        if (bytes is 0 or > KernelMemory.ScratchBytes)
        {
            return Errno.InvalidArgument;
        }

        if (!UserMemory.TryRead(KernelMemory.Scratch, source, bytes))
        {
            return Errno.BadAddress;
        }

        KernelRandomness.Contribute(KernelMemory.Scratch, bytes);
        return 0;
    }

    private static long RestartAtExit()
    {
        Panic.RestartsAtExit = true;
        return 0;
    }

    private static long Fact(long fact, ulong index, ulong destination)
    {
        MachineDescription* machine = KernelScratch.Machine;
        switch (fact)
        {
            case MachineFact.VirtioWindow when index < (ulong)machine->VirtioWindowCount:
                VirtioMmioWindow* window = MachineDescription.VirtioWindow(machine, (int)index);
                return Store(destination, window->Address, window->Length, Line(window->Interrupt, window->Trigger, window->Polarity));
            case MachineFact.EcamRange when index < (ulong)machine->EcamCount:
                EcamRange* range = MachineDescription.Ecam(machine, (int)index);
                return Store(destination, range->Address, range->FirstBus | ((ulong)range->LastBus << 8));
            case MachineFact.IsaInterrupt when index < 16:
                InterruptOverride route;
                MachineDescription.ResolveIsaInterrupt(machine, (uint)index, &route);
                return Store(destination, Line(route.GlobalInterrupt, route.Trigger, route.Polarity));
            case MachineFact.BaseAddress when index < (ulong)BaseAddresses.Table->Count:
                BaseAddressRegister* register = BaseAddressTable.At(BaseAddresses.Table, (int)index);
                return Store(destination, register->Address, register->Length, register->Function | register->Number | (register->IsPort ? 1UL << 32 : 0));
            case MachineFact.Statistics:
                return Statistics(destination);
            case MachineFact.InterruptsOff when index < (ulong)KernelProcessors.Count:
                var record = (InterruptsOff*)ProcessorBlocks.Get((int)index)->InterruptsOff;
                record->Frequency = KernelClock.Frequency;
                return UserMemory.TryWrite(destination, record, InterruptsOff.Size) ? 0 : Errno.BadAddress;
            case MachineFact.XenStore when index == 0 && XenGuest.IsRunning && XenGuest.StorePage != 0:
                return Store(destination, XenGuest.StorePage);
            case MachineFact.ClockIsShared:
                return Store(destination, UserClock.Shared->Multiplier != 0 ? 1UL : 0);
            default:
                return Errno.OutOfRange;
        }
    }

    private static ulong Line(uint number, InterruptTrigger trigger, InterruptPolarity polarity) =>
        number | (trigger == InterruptTrigger.Level ? 1UL << 32 : 0) | (polarity == InterruptPolarity.ActiveLow ? 1UL << 33 : 0);

    private static long Statistics(ulong destination)
    {
        KernelStatistics statistics = default;
        statistics.Uptime = KernelClock.Now;
        int count = KernelProcessors.Count;
        for (int i = 0; i < count; i++)
        {
            SchedulerCounters* counters = Threads.Counters(i);
            PerProcessor* processor = ProcessorBlocks.Get(i);
            statistics.ContextSwitches += counters->ContextSwitches;
            statistics.WakeUps += counters->Wakeups;
            statistics.Preemptions += counters->Preemptions;
            statistics.Steals += counters->Steals;
            statistics.IdleTime += counters->IdleTime;
            statistics.Interrupts += processor->Interrupts;
            statistics.SystemCalls += processor->SystemCalls;
            statistics.PageFaults += processor->PageFaults;
        }

        statistics.Shootdowns = KernelMemory.TlbShootdown->Requests;
        statistics.Threads = Threads.Count;
        statistics.TotalFrames = KernelMemory.FrameAllocator->TotalFrames;
        statistics.FreeFrames = KernelMemory.FrameAllocator->FreeFrames;
        statistics.PeakFrames = KernelMemory.FrameAllocator->PeakFrames;
        return UserMemory.TryWrite(destination, &statistics, (ulong)sizeof(KernelStatistics)) ? 0 : Errno.BadAddress;
    }

    private static long Store(ulong destination, ulong first) =>
        UserMemory.TryWrite64(destination, first) ? 0 : Errno.BadAddress;

    private static long Store(ulong destination, ulong first, ulong second) =>
        UserMemory.TryWrite64(destination, first) && UserMemory.TryWrite64(destination + 8, second) ? 0 : Errno.BadAddress;

    private static long Store(ulong destination, ulong first, ulong second, ulong third) =>
        Store(destination, first, second) == 0 && UserMemory.TryWrite64(destination + 16, third) ? 0 : Errno.BadAddress;
}
