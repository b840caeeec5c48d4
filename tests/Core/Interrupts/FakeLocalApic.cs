namespace Troupe.Core.Tests;

/// <summary>A local APIC as far as its registers remember what was written; its timer follows the time stamp counter.</summary>
public sealed class FakeLocalApic
{
    public const ulong Address = 0xFEE0_0000;

    private readonly FakeMachine _machine;
    private readonly ulong _timerPeriod;
    private readonly Dictionary<uint, uint> _registers = [];
    private ulong _timerStart;

    /// <param name="machine">The machine to install it in.</param>
    /// <param name="timeStampsPerTick">TSC ticks per tick of the APIC's timer.</param>
    /// <param name="apicBase">IA32_APIC_BASE at reset.</param>
    public FakeLocalApic(FakeMachine machine, ulong timeStampsPerTick = 2, ulong apicBase = Address | 0x900)
    {
        _machine = machine;
        _timerPeriod = timeStampsPerTick;
        machine.ModelSpecificRegisters[0x1B] = apicBase;
        machine.ReadDevice = address => IsMine(address) ? Read((uint)(address - Address)) : null;
        machine.WriteDevice = (address, value) =>
        {
            if (!IsMine(address))
                return false;
            Write((uint)(address - Address), value);
            return true;
        };
        machine.ReadRegister = register => register is >= 0x800 and < 0x840
            ? Read((register - 0x800) << 4)
            : machine.ModelSpecificRegisters[register];
        _registers[0x20] = 3u << 24;
        _registers[0x30] = 0x5_0014;
    }

    /// <summary>How many reads of the command register still answer that delivery is pending.</summary>
    public int PendingPolls { get; set; }

    public uint this[uint offset]
    {
        get => _registers.GetValueOrDefault(offset);
        set => _registers[offset] = value;
    }

    private static bool IsMine(ulong address) => address is >= Address and < Address + 0x1000;

    private uint Read(uint offset)
    {
        _machine.TimeStamp += 40;
        if (offset == 0x390)
            return this[0x380] == 0 ? 0 : this[0x380] - (uint)((_machine.TimeStamp - _timerStart) / _timerPeriod);
        if (offset == 0x300 && PendingPolls > 0)
        {
            PendingPolls--;
            return this[offset] | (1 << 12);
        }

        return this[offset];
    }

    private void Write(uint offset, uint value)
    {
        this[offset] = value;
        if (offset == 0x380)
            _timerStart = _machine.TimeStamp;
    }
}
