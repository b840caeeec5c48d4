namespace System.Runtime;

/// <summary>
/// Known to the compiler by its name: the method becomes a plain C function, which is called without a transition. So it must be a leaf: it allocates nothing,
/// waits for nothing, throws nothing and touches no static that is initialised when first used.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RuntimeExportAttribute(string entryPoint) : Attribute
{
    public string EntryPoint { get; } = entryPoint;
}
