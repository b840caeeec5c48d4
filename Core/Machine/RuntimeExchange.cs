// The ahead-of-time compiler matches these attributes by name: a method is exported under a symbol, or a symbol is called,
// as bare code, with no transition between managed and native. The framework's own declarations are internal to it.
namespace System.Runtime;

/// <summary>Exports a static method under a symbol, callable from assembly.</summary>
/// <param name="entryPoint">The symbol.</param>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class RuntimeExportAttribute(string entryPoint) : Attribute
{
    /// <summary>The symbol.</summary>
    public string EntryPoint { get; } = entryPoint;
}

/// <summary>Binds an extern method to a symbol of the image.</summary>
/// <param name="dllName">Always <c>*</c>.</param>
/// <param name="entryPoint">The symbol.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Constructor, Inherited = false)]
public sealed class RuntimeImportAttribute(string dllName, string entryPoint) : Attribute
{
    /// <summary>Always <c>*</c>: this image.</summary>
    public string DllName { get; } = dllName;

    /// <summary>The symbol.</summary>
    public string EntryPoint { get; } = entryPoint;
}
