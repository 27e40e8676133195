extern "C" bool PluginWorks();

int main() { return PluginWorks() ? 0 : 1; }
