namespace Troupe.Core.Capabilities;

/// <summary>A part of a window; adds its start and hands on, so that revoking the whole revokes the part.</summary>
internal sealed class RegisterWindowSlice : RegisterWindow
{
    private readonly RegisterWindow _whole;
    private readonly int _start;

    public RegisterWindowSlice(RegisterWindow whole, int start, int length) : base(length)
    {
        _whole = whole;
        _start = start;
    }

    // Through the checked members: alignment in the part does not imply alignment in the whole.
    protected override byte Read8Core(int offset) => _whole.Read8(_start + offset);

    protected override ushort Read16Core(int offset) => _whole.Read16(_start + offset);

    protected override uint Read32Core(int offset) => _whole.Read32(_start + offset);

    protected override void Write8Core(int offset, byte value) => _whole.Write8(_start + offset, value);

    protected override void Write16Core(int offset, ushort value) => _whole.Write16(_start + offset, value);

    protected override void Write32Core(int offset, uint value) => _whole.Write32(_start + offset, value);

    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) =>
        _whole.StoreAddress(_start + offset, target, targetOffset);

    protected override void StoreAddress32Core(int offset, DmaBlock target, int targetOffset) =>
        _whole.StoreAddress32(_start + offset, target, targetOffset);
}
