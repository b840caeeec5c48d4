using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>
/// The machine's I/O APICs (Intel 82093AA), addressed by global system interrupt. A register is reached by two accesses,
/// select and window, so they go under one lock: a leaf, under which nothing is called.
/// </summary>
public static unsafe class IoApic<TPhysical, TMemory, TProcessors>
    where TPhysical : struct, IPhysicalMemory
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    private const ulong SelectOffset = 0x00;
    private const ulong WindowOffset = 0x10;
    private const uint VersionRegister = 1;
    private const uint FirstEntry = 0x10;
    private const uint MostPins = 240; // the register index is one byte

    private const uint ActiveLow = 1 << 13;
    private const uint LevelTriggered = 1 << 15;
    private const uint Masked = 1 << 16;

    private static SpinLock<TMemory, TProcessors> _lock;
    private static MachineDescription* _machine;

    /// <summary>Masks every pin, and learns how many there are. Call once at boot.</summary>
    public static void Initialize(MachineDescription* machine)
    {
        _machine = machine;
        for (int i = 0; i < machine->IoApicCount; i++)
        {
            IoApicEntry* controller = MachineDescription.IoApic(machine, i);
            uint pins = ((Read(controller, VersionRegister) >> 16) & 0xFF) + 1;
            controller->Pins = pins <= MostPins ? pins : MostPins;
            for (uint pin = 0; pin < controller->Pins; pin++)
                Write(controller, FirstEntry + (2 * pin), Masked);
        }
    }

    /// <summary>Routes an interrupt to a processor, masked at first.</summary>
    /// <returns>False when no controller has the interrupt, or the id does not fit its 8 bits.</returns>
    public static bool Route(uint globalInterrupt, byte vector, uint apicId, InterruptPolarity polarity, InterruptTrigger trigger)
    {
        IoApicEntry* controller = Find(globalInterrupt, out uint register);
        if (controller == null || apicId > 0xFF)
            return false;
        uint low = Masked | vector
            | (polarity == InterruptPolarity.ActiveLow ? ActiveLow : 0)
            | (trigger == InterruptTrigger.Level ? LevelTriggered : 0);
        _lock.Acquire();
        Write(controller, register, Masked); // no interrupt may see half of the new entry
        Write(controller, register + 1, apicId << 24);
        Write(controller, register, low);
        _lock.Release();
        return true;
    }

    /// <summary>Masks an interrupt. An edge that arrives meanwhile is lost; a level is not.</summary>
    /// <returns>False when no controller has the interrupt.</returns>
    public static bool Mask(uint globalInterrupt) => SetMask(globalInterrupt, Masked);

    /// <summary>Unmasks an interrupt; a level that is asserted interrupts at once.</summary>
    /// <returns>False when no controller has the interrupt.</returns>
    public static bool Unmask(uint globalInterrupt) => SetMask(globalInterrupt, 0);

    private static bool SetMask(uint globalInterrupt, uint mask)
    {
        IoApicEntry* controller = Find(globalInterrupt, out uint register);
        if (controller == null)
            return false;
        _lock.Acquire();
        Write(controller, register, (Read(controller, register) & ~Masked) | mask);
        _lock.Release();
        return true;
    }

    private static IoApicEntry* Find(uint globalInterrupt, out uint register)
    {
        for (int i = 0; i < _machine->IoApicCount; i++)
        {
            IoApicEntry* controller = MachineDescription.IoApic(_machine, i);
            uint pin = globalInterrupt - controller->InterruptBase;
            if (globalInterrupt < controller->InterruptBase || pin >= controller->Pins)
                continue;
            register = FirstEntry + (2 * pin);
            return controller;
        }

        register = 0;
        return null;
    }

    private static uint Read(IoApicEntry* controller, uint register)
    {
        TPhysical.Write32(controller->Address + SelectOffset, register);
        return TPhysical.Read32(controller->Address + WindowOffset);
    }

    private static void Write(IoApicEntry* controller, uint register, uint value)
    {
        TPhysical.Write32(controller->Address + SelectOffset, register);
        TPhysical.Write32(controller->Address + WindowOffset, value);
    }
}
