using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

/// <summary>What a fake capability has given out, to be taken back in the order in which the machine does it: memory, lines, registers.</summary>
internal sealed class FakeGrants
{
    private readonly List<FakeArena> _arenas = [];
    private readonly List<FakeLine> _lines = [];

    public bool IsRevoked { get; private set; }

    public FakeArena Add(FakeArena arena)
    {
        ThrowIfRevoked();
        _arenas.Add(arena);
        return arena;
    }

    public FakeLine Add(FakeLine line)
    {
        _lines.Add(line);
        return line;
    }

    /// <summary>The window as a driver gets it.</summary>
    public RegisterWindow Window(RegisterWindow whole) => new RevocableWindow(this, whole);

    public void Revoke()
    {
        _arenas.ForEach(static arena => arena.Revoke());
        _lines.ForEach(static line => line.Revoke());
        IsRevoked = true;
    }

    public void ThrowIfRevoked()
    {
        if (IsRevoked)
        {
            throw new CapabilityException("The device's grants were revoked.");
        }
    }

    private sealed class RevocableWindow(FakeGrants grants, RegisterWindow whole) : RegisterWindow(whole.Length)
    {
        private RegisterWindow Whole
        {
            get
            {
                grants.ThrowIfRevoked();
                return whole;
            }
        }

        protected override byte Read8Core(int offset) => Whole.Read8(offset);

        protected override ushort Read16Core(int offset) => Whole.Read16(offset);

        protected override uint Read32Core(int offset) => Whole.Read32(offset);

        protected override void Write8Core(int offset, byte value) => Whole.Write8(offset, value);

        protected override void Write16Core(int offset, ushort value) => Whole.Write16(offset, value);

        protected override void Write32Core(int offset, uint value) => Whole.Write32(offset, value);

        protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) => Whole.StoreAddress(offset, target, targetOffset);

        protected override void StoreAddress32Core(int offset, DmaBlock target, int targetOffset) => Whole.StoreAddress32(offset, target, targetOffset);
    }
}
